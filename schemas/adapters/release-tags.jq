# One release tag is one change. Its deploy id is service@tag, so that two tags
# on one commit in the same second stay two changes. A tag says neither where
# it was deployed nor how that ended: outcome is null, unknown, and so is the
# environment unless the user sets it.

def column($name):
  if has($name) | not then
    error({message: "there is no column \($name)", mend: "name the columns version, commit, tagged_at in the first row"})
  elif .[$name] | test("^\\s*$") then null
  else .[$name] | sub("^\\s+"; "") | sub("\\s+$"; "")
  end;

column("version") as $version
| column("commit") as $commit
| column("tagged_at") as $tagged
| if $version == null then error({message: "a tag without version", mend: "fill the column version"}) else . end
| parse_time($tagged // ""; {zone: ($meta.set.zone // "UTC")}) as $at
| if $at.time == null then error({message: "tagged_at cannot be read: \($at.reason)", mend: "write 2024-05-01T08:00:00+02:00"}) else . end
| "\($meta.set.service)@\($version)" as $deploy
| {
    type: "dev.cdeventsx.tuition-deployment.finished.0.1.0",
    source: $meta.set.source,
    id: $deploy,
    time: $at.time,
    subject: {
      id: $deploy,
      content: (
        {service: $meta.set.service, version: $version, outcome: null}
        + if $commit then {commit: $commit} else {} end
        + if $meta.set.environment then {environment: $meta.set.environment} else {} end
      )
    }
  },
  if $at.precision == "day" then
    report($meta.line; "no-time-of-day"; "only the day is stated; its first moment stands for it"; "add the time of day if it is known")
  else empty end,
  # A zone that is stated wins over the one given here, and then reads the same with any.
  if $meta.set.zone == null and parse_time($tagged; {zone: "+01:00"}).time != $at.time then
    report($meta.line; "zone-not-stated"; "tagged_at states no time zone; it is read as UTC"; "write 2024-05-01T08:00:00+02:00, or --set zone=…")
  else empty end
