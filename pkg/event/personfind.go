package event

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// person is an identifier that stands in a folded text from start to end. key is
// what is hashed, kind what a refusal says was found.
type person struct {
	start, end int
	key, kind  string
}

// findPeople lists the identifiers of people in a folded text, in order and without
// overlap; of two that overlap the one that begins first stays, then the longer.
func findPeople(s string) []person {
	var all []person
	for _, find := range [...]func(string) []person{
		findMentions, findLabelled, findFields, findUserinfo, findEmails, findSSH, findHandles, findPhones, findProfiles, findNamed,
	} {
		all = append(all, find(s)...)
	}
	slices.SortStableFunc(all, func(a, b person) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	last := 0
	return slices.DeleteFunc(all, func(p person) bool {
		if p.start < last || p.end <= p.start || inHash(s, p.start) {
			return true
		}
		last = p.end
		return false
	})
}

// inHash says whether a hash that stands there already covers the byte at i.
func inHash(s string, i int) bool {
	const length = len(personMark) + 12
	for start := max(0, i-length+1); start <= i && start+length <= len(s); start++ {
		if isPersonHash(s[start : start+length]) {
			return true
		}
	}
	return false
}

// mentions of Slack and Discord: <@U123>, <@U123|jo>, <@!1234>, <mailto:jo@example.com|Jo>.
var mention = regexp.MustCompile(`<(?:@!?([A-Za-z0-9][A-Za-z0-9_.-]*)|mailto:([^|>\s]+))(?:\|[^>\n]*)?>`)

func findMentions(s string) (found []person) {
	for _, m := range mention.FindAllStringSubmatchIndex(s, -1) {
		i := 2
		if m[2] < 0 {
			i = 4
		}
		found = append(found, person{m[0], m[1], s[m[i]:m[i+1]], "mention"})
	}
	return found
}

// Lines and trailers that say who did it: "Reviewed-by: …" and "Author: …" anywhere,
// "Owner: …" where a line, a cell or a bracket begins.
var (
	trailer = regexp.MustCompile(`(?i)\b(?:signed-off|co-authored|co-developed|authored|reviewed|acked|tested|reported|suggested|helped|approved|committed|mentored|requested|merged|assigned|deployed|verified|released|reverted|prepared|written|created|investigated|resolved)[- ]by[*_"']*[ \t]*:[*_]*[ \t]*([^\r\n;|]*)`)
	author  = regexp.MustCompile(`(?i)\b(?:authors?|committers?|assignees?|reporter|(?:incident )?commander|reviewers?|requester|approvers?)[*_]*[ \t]*:[*_]*[ \t]*([^\r\n;|)"']+)`)
	label   = regexp.MustCompile(`(?im)(?:^|[|("'\[>;])[\s>*_#+-]*(?:owners?|(?:incident |comms |ops )?lead|scribe|att?endees|participants|responders?|contact|on-?call(?: engineer)?|assigned to|creator|b?cc)[*_]*[ \t]*:[*_]*[ \t]*([^\r\n;|)"']+)`)
)

func findLabelled(s string) (found []person) {
	for _, m := range slices.Concat(trailer.FindAllStringSubmatchIndex(s, -1), author.FindAllStringSubmatchIndex(s, -1), label.FindAllStringSubmatchIndex(s, -1)) {
		value := strings.TrimSpace(s[m[2]:m[3]])
		if impersonal("owner", strings.Trim(value, ".,!")) {
			continue
		}
		start := m[2] + strings.Index(s[m[2]:m[3]], value)
		key := value
		if at := email.FindString(value); at != "" {
			key = normalEmail(at) // so that a trailer's person is that of their address
		}
		found = append(found, person{start, start + len(value), key, "name behind a label"})
	}
	return found
}

// findFields reads what texts hold of records: "author": "jo", user=jo, ?assignee=jo, uid=jo,ou=people.
var (
	quotedField = regexp.MustCompile(`["']([A-Za-z][A-Za-z_.-]{0,40})["']\s*[:=]\s*["']([^"'\n]+)["']`)
	plainField  = regexp.MustCompile(`[A-Za-z][A-Za-z_.-]{0,40}=`)
	plainValue  = regexp.MustCompile(`^(?:"([^"\n]*)"|([^\s,;&|"'<>)\]}]+))`)
	userEntry   = regexp.MustCompile(`(?i)\bcn=([^,;\n]+?)\s*,\s*(?:ou|cn)=(?:users|people|employees|staff|accounts)\b`)
)

func findFields(s string) (found []person) {
	add := func(name string, start, end int) {
		if value := s[start:end]; isPersonal(name) && !impersonal(name, value) {
			found = append(found, person{start, end, value, "value of a field for people"})
		}
	}
	for _, m := range quotedField.FindAllStringSubmatchIndex(s, -1) {
		add(s[m[2]:m[3]], m[4], m[5])
	}
	last := 0
	for _, m := range plainField.FindAllStringIndex(s, -1) {
		name := s[m[0] : m[1]-1]
		if strings.EqualFold(name, "uid") && m[1] < len(s) && isLetter(s[m[1]]) {
			name = "user" // of a directory; a number would be a machine's
		}
		if m[0] < last || !isPersonal(name) {
			continue
		}
		if v := plainValue.FindStringSubmatchIndex(s[m[1]:]); v != nil {
			i := 2
			if v[2] < 0 {
				i = 4
			}
			last = m[1] + v[i+1]
			add(name, m[1]+v[i], last)
		}
	}
	for _, m := range userEntry.FindAllStringSubmatchIndex(s, -1) {
		add("user", m[2], m[3])
	}
	return found
}

// findUserinfo finds user and password of URLs: postgres://jo:secret@db.
var userinfo = regexp.MustCompile(`\b[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#<>"']+)@`)

func findUserinfo(s string) (found []person) {
	for _, m := range userinfo.FindAllStringSubmatchIndex(s, -1) {
		if who := s[m[2]:m[3]]; !machineAccounts[strings.ToLower(who)] && strings.Trim(who, "0123456789") != "" {
			found = append(found, person{m[2], m[3], who, "user of a URL"})
		}
	}
	return found
}

// machineAccounts are accounts of machines in addresses such as git@github.com:org/repo.
var machineAccounts = words(`git hg svn root ubuntu ec2-user centos admin core nobody app node deploy runner jenkins www vagrant
	vscode circleci gitlab-runner linuxbrew docker kafka postgres mysql redis nginx shared public data user`)

const (
	emailDot  = `(?:[ \t]*[(\[{<][ \t]*(?:dot|punkt|\.)[ \t]*[)\]}>][ \t]*|[ \t]+dot[ \t]+|\.)`
	emailAt   = `(?:[ \t]*[(\[{<][ \t]*(?:at|ät|@)[ \t]*[)\]}>][ \t]*|[ \t]+at[ \t]+|[ \t]*@[ \t]*)`
	emailWord = `[\p{L}\p{M}\p{N}_%+'’!#$*^~-]+`
)

// email is an address as people write it, also split: jo.doe (at) example [dot] com.
var (
	email       = regexp.MustCompile(`(?i)(?:"[^"\n@]{1,64}"|` + emailWord + `(?:` + emailDot + emailWord + `)*)` + emailAt + emailWord + `(?:` + emailDot + emailWord + `)+`)
	emailDots   = regexp.MustCompile(`(?i)` + emailDot)
	emailAts    = regexp.MustCompile(`(?i)` + emailAt)
	spokenDot   = regexp.MustCompile(`(?i)\bdot\b|punkt`)
	versionText = regexp.MustCompile(`^v?\d+\.[\dx*]`)
)

// normalEmail writes an address in its one way.
func normalEmail(s string) string {
	s = strings.Trim(s, `'’"`)
	return strings.ToLower(emailDots.ReplaceAllString(emailAts.ReplaceAllString(s, "@"), "."))
}

func findEmails(s string) (found []person) {
	for at := 0; at < len(s); {
		m := email.FindStringIndex(s[at:])
		if m == nil {
			return found
		}
		start, end := at+m[0], at+m[1]
		at = end
		for start < end && strings.IndexByte(`'!#$*^~`, s[start]) >= 0 {
			start++
		}
		text := strings.TrimRight(s[start:end], `'’!#$*^~-_`)
		end = start + len(text)
		middle := emailAts.FindStringIndex(text)
		local, domain := normalEmail(text[:middle[0]]), normalEmail(text[middle[1]:])
		how := strings.TrimSpace(text[middle[0]:middle[1]])
		switch {
		case strings.EqualFold(how, "at") && !spokenDot.MatchString(text[middle[1]:]): // "503 at example.com"
			continue
		case how == "@" && len(how) < middle[1]-middle[0] && !commonDomain(domain): // "rate(x) @ 1609746000", "10 rps @ host.svc"
			continue
		case machineAccounts[local] || strings.HasSuffix(domain, ".gserviceaccount.com"):
			continue
		case !mailDomain(domain) && !(fullName.MatchString(local) && unlisted(domain)):
			continue
		}
		found = append(found, person{start, end, local + "@" + domain, "e-mail address"})
	}
	return found
}

// internalDomains end the addresses of networks without a public name, and those
// that are reserved for examples.
var internalDomains = words(`local localdomain localhost internal intranet lan corp home private example test invalid onion`)

// systemdUnits end the names of instances of units, foo@bar.service.
var systemdUnits = words(`service socket timer mount automount swap path slice scope target device`)

// mailDomain says whether mail could go to a domain: it ends in a public suffix or
// one of internalDomains, and is no version, file or unit.
func mailDomain(domain string) bool {
	first, _, _ := strings.Cut(domain, ".")
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if versionText.MatchString(domain) || systemdUnits[last] || first == "" || last == "" {
		return false
	}
	if internalDomains[last] {
		return true
	}
	ascii, err := idna.ToASCII(domain)
	if err != nil {
		return strings.IndexFunc(last, unicode.IsLetter) >= 0 // as badly written as it is, it is no technical name
	}
	suffix, public := publicsuffix.PublicSuffix(ascii)
	return public || strings.IndexByte(suffix, '.') >= 0
}

// fullName is the way of writing a person that no artefact's name shares by chance often: jo.doe.
var fullName = regexp.MustCompile(`^\p{L}{2,}\.\p{L}{2,}$`)

// technical ends names of files and of services in a cluster.
var technical = words(`svc cluster pod jar war ear aar zip tar gz tgz xz bz2 png jpg jpeg gif svg ico js mjs cjs ts tsx jsx css scss html htm json
	yaml yml xml toml ini conf txt log csv tsv sql sh bash ps1 py rb go rs java kt class scala c h cpp hpp cs php pl lua tf tfvars hcl proto
	md rst pdf doc docx xls xlsx exe dll so dylib deb rpm apk dmg iso img bin whl egg gem lock sum mod snapshot release final beta alpha rc`)

// unlisted says whether a domain that is not public may be a company's own.
func unlisted(domain string) bool {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	return !versionText.MatchString(domain) && !systemdUnits[last] && !technical[last] && len(last) > 1 && strings.IndexFunc(last, unicode.IsDigit) < 0
}

// commonDomain is mailDomain for what is less sure to be an address.
func commonDomain(domain string) bool {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	return mailDomain(domain) && (len(last) == 2 || last == "com" || last == "org" || last == "net" || last == "edu" || last == "gov" || last == "example")
}

// findSSH finds the user of a remote login to a host without a public name.
var login = regexp.MustCompile(`(?i)\b(?:ssh|scp|sftp|rsync|mosh)\b[^\n|;]*?\s([\p{L}\p{N}_.-]+)@[\p{L}\p{N}_.-]+`)

func findSSH(s string) (found []person) {
	for _, m := range login.FindAllStringSubmatchIndex(s, -1) {
		if who := s[m[2]:m[3]]; !machineAccounts[strings.ToLower(who)] {
			found = append(found, person{m[2], m[3], who, "user of a remote login"})
		}
	}
	return found
}

// findPhones finds telephone numbers with their country's code; others cannot be told from identifiers of things.
var phone = regexp.MustCompile(`\+[1-9](?:[ ().\-/]{0,2}[0-9])+`)

func findPhones(s string) (found []person) {
	for _, m := range phone.FindAllStringIndex(s, -1) {
		before, _ := utf8.DecodeLastRuneInString(s[:m[0]])
		digits := strings.Map(func(c rune) rune {
			if c < '0' || c > '9' {
				return -1
			}
			return c
		}, s[m[0]:m[1]])
		if m[0] > 0 && (unicode.IsLetter(before) || unicode.IsDigit(before)) || len(digits) < 8 || len(digits) > 15 {
			continue
		}
		found = append(found, person{m[0], m[1], "+" + digits, "telephone number"})
	}
	return found
}
