package event

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// words is a set of words written in one line.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

var (
	// personNouns end the name of a property that says who: author, incident_commander.
	personNouns = words(`user username userid login loginname actor author authors committer committers creator creators
		assignee assignees assigner reporter reporters requester requesters requestor reviewer reviewers approver approvers
		commander commanders responder responders acknowledger acknowledgers resolver initiator operator submitter sender
		pusher merger deployer deployers releaser scribe communicator participant participants attendee attendees atendees
		maintainer maintainers watcher watchers subscriber subscribers follower followers invitee inviter mentor
		employee employees engineer engineers person persons people persona nickname nick surname email emails mail mails
		gravatar avatar phone phones telephone mobile cellphone msisdn oncall contact contacts owner owners handle handles
		principal impersonator lead leads dri`)
	// personIDs end a name whose words before say whose: user_name, commander_slack_id.
	personIDs = words(`id ids uid uids uuid name names firstname lastname fullname email emails mail login slack url urls link uri
		key keys handle nick number phone avatar address initials username displayname ref reference summary`)
	// personPhrases are whole names, folded, that say who without such a noun.
	personPhrases = words(`firstname lastname fullname givenname familyname realname displayname screenname gravatarid avatarurl
		userip clientip remoteip remoteaddr remoteaddress sourceip sourceipaddress ipaddress xforwardedfor assignedto
		reportedto escalatedto pairedwith signedoffby useragent sessionid triggeringactor oncall incidentmanager releasemanager`)
	// personDeeds stand before "by" where a person does it: reported_by, mergedBy.
	personDeeds = words(`acked acknowledged added approved assigned authored cancelled canceled changed closed commented committed
		completed created deleted deployed disabled drafted edited enabled escalated executed fixed handled initiated invited
		investigated landed last launched led made merged mitigated modified opened owned performed posted published pushed
		raised released removed reopened reported requested resolved reverted reviewed rolled rolledback run ran sent signed
		signedoff started stopped submitted suggested taken tested triaged triggered updated uploaded verified written`)
	// counted before a noun say how many, or which part of the public, and not who.
	counted = words(`affected impacted active total num number count max min per unique concurrent end external internal new
		no service team group tool package secret connection cluster resource task process content context job cache session
		queue memory transaction load bundle window storage data case event build lead cost code tech product release`)
	// groups are words that make an owner a group of people and not one of them.
	groups = words(`team teams squad guild group tribe platform sre ops devops department chapter crew org organisation organization`)
	// groupFields are fields for people in which a group often stands.
	groupFields = words(`owner owners contact contacts maintainer maintainers`)
	// nobody are values that a field for people holds while there is none.
	nobody = words(`none nobody unassigned unknown n/a na tbd todo null nil true false yes no - -- ? user bot system organization team
		public private`)
	// recordFields name the parts of a person's record; other names in it may be who it is.
	recordFields = words(`type object self url urls link href html api summary text kind role roles status state active site admin created
		updated deleted timezone locale color job title team teams schema version primary since until from to at on count total
		value values label data attributes relationships members result results items list`)
)

// nameWords cuts the name of a property into lower-case words.
func nameWords(name string) []string {
	var all []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			all = append(all, b.String())
			b.Reset()
		}
	}
	lower := false
	for _, c := range fold(name).text {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			flush()
			lower = false
			continue
		case unicode.IsUpper(c) && lower:
			flush()
		}
		lower = !unicode.IsUpper(c)
		b.WriteRune(unicode.ToLower(c))
	}
	flush()
	return all
}

// isPersonal says whether a property of this name holds who somebody is.
func isPersonal(name string) bool {
	if len(name) > 64 {
		return false
	}
	all := nameWords(name)
	n := len(all)
	if n == 0 {
		return false
	}
	if personPhrases[strings.Join(all, "")] {
		return true
	}
	last := all[n-1]
	if by, ok := strings.CutSuffix(last, "by"); ok && by != "" { // createdby, as one word
		return personDeeds[by]
	}
	if last == "by" && n > 1 {
		return personDeeds[all[n-2]] || all[n-2] == "back" || all[n-2] == "off"
	}
	if personNouns[last] {
		return n == 1 || !counted[all[n-2]]
	}
	for personIDs[last] && n > 1 {
		n--
		last = all[n-1]
		if personNouns[last] {
			return n == 1 || !counted[all[n-2]]
		}
		if last == "by" && n > 1 {
			return personDeeds[all[n-2]]
		}
	}
	return false
}

// isField says whether a name inside a person's record is that of a field.
func isField(name string) bool {
	all := nameWords(name)
	for _, w := range all {
		if !recordFields[w] && !personIDs[w] && !personNouns[w] {
			return false
		}
	}
	return len(all) > 0
}

// isIdentifier says whether a number of this name is an identifier.
func isIdentifier(name string) bool {
	all := nameWords(name)
	return len(all) > 0 && (personIDs[all[len(all)-1]] || personNouns[all[len(all)-1]])
}

// impersonal says whether the value of a field for people names none: it is empty,
// says so, or is a group that owns something.
func impersonal(name, s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" || nobody[s] || isPersonHash(s) {
		return true
	}
	all := nameWords(name)
	if n := len(all); n > 1 {
		switch {
		case all[n-1] == "name" && all[n-2] == "full" && strings.ContainsRune(s, '/') && !strings.ContainsRune(s, ' '): // organisation/repository
			return true
		case all[n-1] == "url" && strings.HasSuffix(all[n-2], "s") && strings.Contains(s, "/"+all[n-2]): // …/assignees{/user}: where the list is
			return !suspect(s) || len(findPeople(fold(s).text)) == 0
		}
	}
	if len(all) > 0 && groupFields[all[len(all)-1]] && !strings.ContainsRune(s, '@') && utf8.RuneCountInString(s) <= 64 {
		for _, w := range strings.FieldsFunc(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
			if groups[w] {
				return true
			}
		}
	}
	return false
}
