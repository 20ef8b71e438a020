# One report → one incident, one post-mortem, one improvement for each action item.
#
# What the timeline shows and what people stated are kept apart: startedAt,
# detectedAt, mitigatedAt and resolvedAt come from rows of the timeline only,
# statedDetectSeconds and statedResolveSeconds from the statistics only.
#
# A report may state moments outside its timeline, in front matter or in lines such as
# "**Started:** 2026-03-12 09:12 UTC": they count as marked rows of the timeline. A timeline
# may be a list, and its times may lack the day where the report states its date.
#
#   startedAt   the row marked "(problem started)"; else the first row that tells of something
#               unexpected, accidental or unintentional; else the first row
#   detectedAt  the row marked "Detection:" or "Discovery:"; else the first row in which a monitor,
#               a person or the authors notice, unless somebody had already acted; else unknown
#   resolvedAt  the row marked "(resolved)" or "Recovery:"; else the last row that says all is well;
#               else the last row of the timeline, since the report was written after it
#
# When a report was published is not in it: the timeline's last moment stands
# for that. The core incident events demand an environment, which reports do
# not state, so the incident is told by one incident.acknowledged: somebody took
# it up, it is not known when.

def present: with_entries(select(.value != null));
def slug: ascii_downcase | gsub("[^a-z0-9]+"; "-") | gsub("^-|-$"; "");
def seconds($from; $to): ($to | fromdate) - ($from | fromdate);
def span: if . % 60 == 0 then "\(. / 60) minutes" else "\(.) seconds" end;

# The sections of a name, and those below them.
def sections($name):
  [.sections[] | select(any(.title, .path[]; ascii_downcase | startswith($name)))];

# The texts of a list of sections: paragraphs, and items with what is nested in them.
def texts($people):
  [ .[]
    | (.paragraphs[] | {line, text}),
      (.items
       | reduce .[] as $item ([];
           if $item.key and ($item.key | about_people) then . # who does it is nobody's business here
           elif $item.depth == 0 or . == [] then . + [$item]
           else .[-1].text += " — " + $item.text end)
       | .[])
    | .text |= without_people($people)
    | select(.text | test("^[-–\\s]*$") | not) ];

# Where two sorts of words meet, the one that stands first here decides.
def improvement_kind:
  [ ["alerting",      "\\b(alert(s|ing)?|alarms?)\\b"],
    ["monitoring",    "\\b(monitor(s|ing)?|metrics?|dashboards?|liveness|probes?)\\b"] ] as $watching
  | [ ["test",          "\\b(tests?|testing|test suite|smoketest(s|ing)?)\\b"],
      ["documentation", "\\b(document(s|ed|ation)?|wiki|playbooks?)\\b"],
      ["automation",    "\\b(automat(e[ds]?|ic(ally)?|ion|ing)|scripts?)\\b"],
      ["onboarding",    "\\b(teach|training|onboard(ing)?)\\b"],
      ["capacity",      "\\b(capacity|autoscaling|sized|resource requests)\\b"],
      ["process",       "\\b(process(es)?|procedures?|guidelines?|communicat(e|ion)|agree)\\b"] ] as $others
  | . as $text
  | def matching: map(select(.[1] as $words | $text | test($words; "i")) | .[0]);
    ([$watching | matching | first // empty] + ($others | matching))
  | if length == 1 then .[0] else null end;


# A day as people write it: 2026-03-12, 12 March 2026, March 12th, 2026. There is no 30 February.
def day:
  def month: .[:3] | ascii_downcase as $m | ["jan","feb","mar","apr","may","jun","jul","aug","sep","oct","nov","dec"] | index($m);
  def two: tostring | if length == 1 then "0" + . else . end;
  [ capture("^(?<y>[0-9]{4})[-/](?<m>[0-9]{1,2})[-/](?<d>[0-9]{1,2})\\b"),
    (capture("^([A-Za-z]+day,? )?(?<d>[0-9]{1,2})(st|nd|rd|th)? (?<name>[A-Za-z]{3,9})\\.?,? (?<y>[0-9]{4})\\b"),
     capture("^([A-Za-z]+day,? )?(?<name>[A-Za-z]{3,9})\\.? (?<d>[0-9]{1,2})(st|nd|rd|th)?,? (?<y>[0-9]{4})\\b")
     | (.name | month) as $month | select($month != null) | .m = $month + 1)
    | "\(.y)-\(.m | two)-\(.d | two)" ] | first // null
  | select(. == null or . == (try (. + "T00:00:00Z" | fromdate | todate | .[:10]) catch null)) // null;
def days_later($n): if $n == 0 then . else ((. + "T00:00:00Z" | fromdate) + 86400 * $n | todate)[:10] end;

# A time of day at the beginning of an item: "09:12 UTC — what happened".
def timed_item:
  capture("^\\[?(?<cell>([0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}[T ]+)?[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?(Z|[A-Z]{3,5}|[+-][0-9]{2}:?[0-9]{2})\\b)?)\\]?( *[-–—:|]+ *| +)(?<text>.*)$") // {cell: null, text: .};
def no_day: test("^[0-9]{1,2}:");

# Words that tell what a row of the timeline is about.
def template: test("^short event description"; "i");
def marked_start: test("\\(problem started\\)"; "i");
def unintended: test("\\b(unexpected|accidental|unintentional)"; "i") and (test("separate post-?mortem"; "i") | not);
def marked_detection: test("^(detection|discovery|detected):"; "i");
def told_by_monitor: test("\\b(alarm|alerts?)\\b|automated warning"; "i");
def told_by_person:
  test("\\b(users?|customers?|developers?|teams?|people|members?)\\b.*\\b(report|notified|inform|alerted|asks?\\b|reaching out)|\\breport(s|ed)? (of|by)\\b|\\balerted by\\b|\\b(are|were) informed\\b"; "i");
def noticed: test("\\b(issue|problem) (is |was )?detected\\b|^noticed\\b|^identified problem|became aware|\\bwitnessed\\b"; "i");
def acted: test("\\b(fix|investigat|pushed|manual|roll(ed)? ?back|revert|mitigat|scaling down)"; "i");
def marked_end: test("\\(resolved\\)|^recovery:"; "i");
def all_well:
  test("\\b(issue|problem)( was| is)? (resolved|solved|fixed|permanently fixed)|\\boperational\\b|back to normal|service restored|marked as resolved|incident closed|all healthy|confirmed working|(working|running) as (intended|expected)|(fix|it) works\\b|back operation"; "i");
def mitigated: test("\\bmitigated\\b"; "i");

. as $document
# The names in the report's own fields for people; they and given names are masked in
# every text that is kept: titles, factors, lessons and actions. Nothing else of its
# prose is kept, neither the timeline's events nor the columns for people.
| people as $people
| ($meta.file | sub("\\.[^.]*$"; "")) as $stem
| ([$stem | capture("^(?<id>[A-Za-z]+[0-9]{4}-[0-9]+)").id] | first // $stem) as $id
| ([$id | capture("(?<year>(19|20)[0-9]{2})").year | tonumber] | first // 0) as $year
| (sections("timeline")
   | if . == [] then [$document.sections[] | select(.title | test("timeline"; "i"))] else . end) as $timeline
| [$timeline[].tables[] | select(.header | length >= 2)] as $tables

# What the report states of itself, by key: in front matter, or as "**Key:** value" at its beginning.
| ([ $document.sections[] | select(.level <= 1 or (.title | test("^(summary|overview|details|metadata|incident)\\b"; "i")))
     | (.paragraphs[].facts[]?, (.items[] | select(.key)))
     | {key: (.key | ascii_downcase), value, line} ] as $lines
   | [$document.frontMatter // {} | to_entries[] | {key: (.key | ascii_downcase), value, line: 1}] + $lines
   | map(select(.value | test("\\S")))) as $facts
| def fact($words): first($facts[] | select(.key | test("^(\($words))$"))) // null;
  fact("date|incident date|date of incident|day") as $date
| ($date.value // "" | day) as $day

# The zone that the report states, in a table's heading or in words above it.
| ([ ($tables[] | {line, zone: (.header[] | capture("(\\bin |\\()(?<zone>[A-Z]{3,4})\\b").zone)}),
     ($timeline[].paragraphs[] | {line, zone: (.text | capture("\\btimes (are )?in (?<zone>[A-Za-z]+(/[A-Za-z_]+)?)").zone)}) ]
   | first) as $stated
| ($meta.set.zone // $stated.zone // "UTC") as $zone

| [ $tables[]
    | (.header | map(test("time|date"; "i")) | index(true) // 0) as $when
    | ([range(.header | length) | select(. != $when)] | first) as $what
    | .rows[]
    | {line, surplus, cell: .cells[$when], text: .cells[$what]} ] as $table
| (if $table != [] then $table
   else [$timeline[].items[] | select(.depth == 0) | {line, surplus: false} + (.text | timed_item)] end) as $written
| ([ ({why: "(problem started)", keys: "started( at)?|start( time)?|impact start|incident start"},
      {why: "Detection:", keys: "detected( at)?|detection( time)?"},
      {why: "(resolved)", keys: "resolved( at)?|end( time)?|ended|resolution time|incident end"})
     | .why as $mark | fact(.keys) | select(. != null)
     | {line, surplus: false, cell: .value, text: $mark, fact: true} ]) as $moments
| (if $moments == [] and $day and all($written[]; (.cell // "") | test("[0-9]:[0-9]") | not)
   then [{line: $date.line, surplus: false, cell: $day, text: "", fact: true}] else [] end) as $only
# A time without its day is of the report's date; after midnight, of the next.
| (reduce ($moments + $written + $only)[] as $row ({rows: [], days: 0, clock: null, fact: null};
     if $day and ($row.cell // "" | no_day) then
       ($row.cell | capture("^(?<h>[0-9]{1,2}):(?<m>[0-9]{2})") | (.h | tonumber) * 60 + (.m | tonumber)) as $clock
       | (if .fact == ($row.fact // false) then . else .days = 0 | .clock = null | .fact = ($row.fact // false) end)
       | (.clock != null and .clock - $clock > 720) as $rolled
       | .days += (if $rolled then 1 else 0 end)
       | .clock = $clock
       | .rows += [$row + {cell: "\(.days as $n | $day | days_later($n)) \($row.cell)", rolled: $rolled}]
     else .rows += [$row] end)
   | .rows) as $dated
| [ $dated[]
    | . + {at: (if .cell == null then {time: null, reason: "it begins with no time"} else .cell | parse_time(.; {zone: $zone, year: $year}) end)}
    | . + {time: .at.time, exact: (.at.precision == "minute" or .at.precision == "second"), template: (.text | template)} ] as $rows
| [$rows[] | select(.time and (.template | not))] as $timed
| if any($rows[]; .at.reason == "the time zone is not known") then
    error({message: "the time zone \($zone) is not known", mend: "write UTC, an offset or a name such as Europe/Copenhagen, or --set zone=…",
           line: ($stated.line // 1)})
  elif $timed == [] and $date and $day == null then
    error({message: "its date is no day that can be read, and no time has a day of its own", mend: "write 2026-03-12", line: $date.line})
  elif $timed == [] then
    error({message: "the report has no timeline with a date, so that nothing says when the incident was",
           mend: "add a section Timeline with a table or a list of times and events (\"- 2026-03-12 09:12 UTC — what happened\"), a line \"**Date:** 2026-03-12\" if its times lack the day, or front matter with date, started, detected and resolved; README.md shows an example", line: ($timeline[0].line // 1)})
  else . end
| [$timed[] | select(.exact)] as $exact
| ([$timed[].time] | max) as $end


| ((first($timed[] | select(.text | marked_start)) | . + {why: (if .fact then "what the report states as its start" else "the row marked as the start" end)})
   // (first($timed[] | select(.text | unintended)) | . + {why: "the first row that tells of something unintended"})
   // ($timed[0] | . + {why: (if .fact then "the report's date" else "the first row" end)})) as $start

| [$exact[] | select(.time >= $start.time)] as $since
| ((first($since[] | select(.text | marked_detection)) | . + {sure: true})
   // (first(range($since | length) as $i | $since[$i]
             | select(.text | told_by_monitor or told_by_person or noticed)
             | . + {sure: (any($since[:$i][]; .text | acted) | not)}))
   // null) as $noticed
| (if $noticed and $noticed.sure then $noticed else null end) as $detected
| (if $detected == null then null
   elif ($detected.text | told_by_monitor) and ($detected.text | told_by_person) then null
   elif $detected.text | told_by_monitor then "monitor"
   elif $detected.text | told_by_person then "person"
   else null end) as $teller

| (first($since[] | select(.text | mitigated)) // null) as $mitigated
| [$timed[] | select(.time >= $start.time)] as $later
| (([$later[] | select(.text | marked_end)] | last | select(.) | . + {why: (if .fact then "what the report states as its end" else "the row marked as the end" end)})
   // ([$later[] | select(.text | all_well)] | last | select(.) | . + {why: "the last row that says all is well"})
   // ($later | map(select(.fact | not)) | max_by(.time) | select(.) | . + {why: "the last row", assumed: true})
   // null) as $resolved

# What people stated.
| [sections("stats")[].items[] | select(.key)] as $stats
| (first($stats[] | select(.key | test("^category"; "i"))) // null) as $category
| def stat($words): (first($stats[] | select(.key | test($words; "i")) | . + {read: (.value | parse_duration(.))}) // null);
  stat("time to detect") as $detect
| stat("time to (recover|resol|restor)") as $resolve

| (if $category and ($category.value | test("[A-Za-z]")) then $category.value | slug
   else fact("services?|affected services?|service affected|component").value // null | if . and test("[A-Za-z]") then slug else null end end) as $service
| fact("severity|priority|sev") as $stated_severity
| ($stated_severity.value // "" | [capture("^(sev(erity)?|p|s)?[- ]?(?<n>[1-5])\\b"; "i").n | tonumber] | first) as $severity
| ([$id | capture("^(?<letters>[A-Za-z]+)[0-9]{4}-").letters] | first) as $letters
| (if $letters then
     [ $document.sections[]
       | (.paragraphs[].text, .items[].text, .tables[].rows[].cells[])
       | scan($letters + "[0-9]{4}-[0-9]+") ] | unique - [$id]
   else [] end) as $cites

| ($document.frontMatter.title // $document.title | if . == "" then $stem else . end | without_people($people)) as $title

| (sections("action item") | texts($people)) as $actions
| (sections("contributing factor") | texts($people)) as $factors
| (sections("lesson") | texts($people)) as $lessons

| {source: $meta.set.source, time: $end} as $envelope
| (
  $envelope + {
    type: "dev.cdeventsx.tuition-incident.acknowledged.0.1.0",
    id: "\($id)/incident",
    subject: {id: $id, content: ({acknowledgedAt: null} + ({
      title: $title,
      service: $service,
      severity: $severity,
      detectionSource: (if $detected == null then null
                        elif $teller == "monitor" then "monitoring"
                        elif $teller == "person" and ($detected.text | test("\\bcustomers?\\b"; "i")) then "customer"
                        else "unknown" end),
      startedAt: $start.time,
      detectedAt: $detected.time,
      mitigatedAt: $mitigated.time,
      resolvedAt: $resolved.time,
      statedDetectSeconds: $detect.read.seconds,
      statedResolveSeconds: $resolve.read.seconds,
      labels: ({
        category: (if $service then $category.value else null end),
        cites: (if $cites == [] then null else $cites | join(",") end),
        detectedBy: $teller,
        startedFrom: $start.why,
        resolvedFrom: $resolved.why
      } | present)
    } | present))}
  },

  $envelope + {
    type: "dev.cdeventsx.tuition-postmortem.published.0.1.0",
    id: "\($id)/postmortem",
    subject: {id: $id, content: ({
      title: $title,
      incidents: [$id],
      service: $service,
      contributingFactors: (if $factors == [] then null else [$factors[].text] end),
      labels: ({
        lessons: (if $lessons == [] then null else [$lessons[].text] | join("\n") end),
        cites: (if $cites == [] then null else $cites | join(",") end),
        publishedFrom: "the timeline's last moment"
      } | present)
    } | present)}
  },

  (range($actions | length) as $i
   | $actions[$i] as $action
   | "\($id)-A\($i + 1)" as $improvement
   | $envelope + {
       type: "dev.cdeventsx.tuition-improvement.opened.0.1.0",
       id: "\($improvement)/opened",
       subject: {id: $improvement, content: ({
         title: $action.text,
         kind: ($action.text | improvement_kind),
         service: $service,
         fromFailure: $id
       } | present)}
     },
     # "(done)" was written as the report was: it follows the opening at once.
     if $action.text | test("\\(done\\)"; "i") then
       $envelope + {time: ($end | sub("Z$"; ".001Z"))} + {
         type: "dev.cdeventsx.tuition-improvement.closed.0.1.0",
         id: "\($improvement)/closed",
         subject: {id: $improvement, content: {}}
       }
     else empty end),

  # The oddities, in the order of their lines.
  ([
    if $stated == null and $meta.set.zone == null
       and ($table != [] or any($rows[]; .exact and (.cell | test("([A-Z]|[+-][0-9]{2}:?[0-9]{2})$") | not))) then
      report($timeline[0].line; "zone-not-stated"; "the timeline states no time zone; it is read as UTC"; "write \"All times in UTC.\" above it, or --set zone=…")
    else empty end,
    if $meta.set.zone == null and ($zone | test("^(CET|EET|WET|MET)$")) and any($timed[]; .at.dst) then
      report($stated.line; "zone-in-summer"; "\($zone) is stated for a time in summer; it is read as the wall clock there, with summer time"; "state UTC, or --set zone=+01:00 if summer time was left out")
    else empty end,

    ($rows[] | . as $row
     | if .template then
         report(.line; "template-row"; "a row of the template was left in; it is passed over"; "delete the row")
       elif .time == null then
         report(.line; "time-unreadable"; "\(.at.reason); nothing is derived from this row"; "write 2024-05-01 08:00")
       elif .at.precision == "day" then
         report(.line; "no-time-of-day"; "only the day is stated; its first moment stands for it"; "add the time of day if it is known")
       elif .at.precision == "hour" then
         report(.line; "no-minute"; "only the hour is stated; its first minute stands for it"; "add the minute if it is known")
       else empty end,
       if .at.corrected then report(.line; "year-corrected"; .at.corrected; "correct the year") else empty end,
       if .at.doubt then report(.line; "clock-change"; .at.doubt; "state UTC") else empty end,
       if .at.approximate then report(.line; "time-approximate"; "the time is marked as approximate (~); it is taken as it stands"; "nothing, if it is not known better") else empty end,
       if .cell // "" | test("[0-9]\\s*-\\s*[0-9]{1,2}:") then
         report(.line; "time-range"; "a range of time is stated; its beginning is taken" + if .at.until then "" else ", its end is not readable" end; "nothing, if that is right")
       else empty end,
       if .rolled then report(.line; "next-day"; "the time is earlier than the one above it by more than half a day; it is taken as of the next day"; "write the day too") else empty end,
       if .surplus then report(.line; "surplus-cells"; "the row has more cells than the heading; what is beyond is not read"; "write \\| for a bar inside a cell") else empty end),

    if $stated_severity and $severity == null and ($stated_severity.value | test("^(\\?|-|n/?a|none|unknown|tbd)\\.?$"; "i") | not) then
      report($stated_severity.line; "severity-unreadable"; "\($stated_severity.key) is stated and is none of 1 to 5; it stays unknown"; "write 1, which is the gravest, to 5; SEV2, P2 and S2 are read as 2")
    else empty end,

    (range(1; $exact | length) as $i
     | $exact[$i] | select(.time < ([$exact[:$i][].time] | max))
     | report(.line; "out-of-order"; "the row's time is earlier than a time above it"; "correct the time, or move the row")),

    if $start.line != $timed[0].line and ($start.text | marked_start | not) then
      report($start.line; "start-chosen"; "the start is taken from this row (\($start.why)), not from the first row at line \($timed[0].line)"; "nothing, if that is right; else publish an incident.amended with startedAt")
    else empty end,
    if $resolved == null then
      report($start.line; "end-unknown"; "nothing says when it was over; the incident counts as not resolved"; "state \"**Resolved:** 2026-03-12 10:05 UTC\", or give a timeline")
    elif $resolved.assumed then
      report($resolved.line; "end-assumed"; "no row says that it was over; the last row is taken"; "mark the row with (resolved)")
    else empty end,
    # Background that stands in the timeline is no failure: few last a month.
    if $resolved and seconds($start.time; $resolved.time) > 30 * 86400 then
      report($start.line; "lasts-long"; "from this row to its end at line \($resolved.line) the incident lasts \(seconds($start.time; $resolved.time) / 86400 | floor) days"; "nothing, if that is right; else mark the row where it began with (problem started)")
    else empty end,
    if $noticed and ($noticed.sure | not) then
      report($noticed.line; "detection-unclear"; "somebody had acted before this first word of detection; when it was detected stays unknown"; "mark the row with \"Detection:\"")
    else empty end,
    (first($document.sections[] | (.paragraphs[], .items[], .tables[].rows[])
           | {line, text: (.text // (.cells | join(" ")))}
           | select(.text | test("\\bwe had ([2-9]|two|three|four|several) incidents\\b|\\bsecond (occurr?ence|node entered)|same thing happened"; "i")
                    and (test("\\bresulted in a second\\b"; "i") | not)))
     | report(.line; "several-incidents"; "the report tells of more than one occurrence; it is kept as one incident"; "write one report for each, if they are to be counted")),

    (("contributing factor", "action item", "lesson", "stats") as $name
     | sections($name) as $found
     | if $found == [] then
         report($document.line; "section-missing"; "there is no section whose title begins with \"\($name)\""; "add it, if something is known")
       elif $name != "stats" and ($found | texts($people)) == [] then
         report($found[0].line; "section-empty"; "the section holds nothing"; "fill it, or take it out")
       else empty end),

    (($detect, $resolve)
     | select(. != null)
     | . as $stat
     | if .read.seconds == null then
         report(.line; if .read.stated then "stated-unreadable" else "not-stated" end; "\(.key): \(.read.reason); it stays unknown"; "write \"25 minutes\"")
       else empty end,
       if .value | test("\\[\\^") then
         report(.line; "stated-footnote"; "a footnote qualifies the stated time; it is not read"; "nothing, if the number is right")
       else empty end),

    (if $detect.read.seconds and $resolve.read.seconds and $resolved then
       $detect.read.seconds as $d | $resolve.read.seconds as $r
       | seconds($start.time; $resolved.time) as $derived
       | select($derived != $r)
       | (first($exact[] | . as $row
                | select(.line != $start.line)
                | select(any($exact[]; seconds($row.time; .time) == $d) and any($exact[]; seconds($row.time; .time) == $r))) // null) as $fits
       | report($resolve.line; "stated-differs";
           "\($r | span) to recovery are stated, the timeline gives \($derived | span); both are kept"
           + if $fits then ". The stated times fit a start at line \($fits.line)" else "" end;
           "nothing; to move the start publish an incident.amended with startedAt")
     else empty end)
   ] | sort_by(.finding.line) | .[])
)
