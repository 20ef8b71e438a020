package event

import (
	"regexp"
	"strings"
)

// link is a URL with or without its scheme: host, then path and query.
var link = regexp.MustCompile(`(?i)(?:\b[a-z][a-z0-9+.-]*://|\b)((?:[a-z0-9_-]+\.)*[a-z0-9_-]+)(?::\d+)?([/?][^\s<>"'|)\]}]*)`)

// peoplePaths are segments of paths that people's names or numbers follow.
var peoplePaths = [...]string{"users", "user", "u", "people", "profile", "profiles", "members", "member", "in", "user_profile", "orgs/people", "author", "authors", "assignee"}

// noUser are names behind such a segment that mean no one in particular.
var noUser = words(`login logout me self new current sign_in sign_up sign_out signup signin signout search password reset list all count
	bulk import export auth oauth token tokens session sessions register verify confirm invite id edit create delete update batch settings
	api v1 v2 v3 admin public private static assets index status health healthz metrics`)

// noProfile are first segments of a forge's paths that are not accounts.
var noProfile = words(`about features login join orgs organizations topics marketplace pricing security site settings notifications
	explore search sponsors apps pulls issues new codespaces enterprise team customer-stories readme contact support status dashboard
	help users groups projects admin api assets explore snippets repos features.html collections events trending`)

// socialHost says whether a host serves people's profiles at the root of its paths.
func socialHost(host string) bool {
	for _, h := range socialHosts {
		if len(host) >= len(h) && strings.EqualFold(host[len(host)-len(h):], h) && (len(host) == len(h) || host[len(host)-len(h)-1] == '.') {
			return true
		}
	}
	return len(host) > 7 && strings.EqualFold(host[:7], "gitlab.")
}

var socialHosts = [...]string{
	"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "githubusercontent.com", "slack.com", "twitter.com", "x.com",
	"linkedin.com", "t.me", "facebook.com", "instagram.com", "medium.com", "keybase.io", "wa.me", "stackoverflow.com", "discord.com", "sr.ht",
}

// findProfiles finds the part of a URL that says who somebody is.
func findProfiles(s string) []person { return findLinks(s, 3) }

// findLinks also looks at links inside links, to a depth.
func findLinks(s string, depth int) (found []person) {
	if depth == 0 {
		return nil
	}
	for _, m := range link.FindAllStringSubmatchIndex(s, -1) {
		host, path := strings.ToLower(s[m[2]:m[3]]), strings.TrimRight(s[m[4]:m[5]], ".,;:!")
		if !strings.Contains(s[m[0]:m[2]], "://") && (!strings.Contains(host, ".") || m[0] > 0 && s[m[0]-1] == '/') {
			continue // a path, not a host
		}
		path, query, _ := strings.Cut(path, "?")
		path, _, _ = strings.Cut(path, "#")
		if i := strings.Index(query, "id=U"); strings.HasPrefix(s[m[0]:], "slack://user") && i >= 0 {
			start := m[4] + len(path) + 1 + i + 3
			end := start + strings.IndexFunc(s[start:]+" ", func(c rune) bool { return c >= 0x80 || !isAlphanumeric(byte(c)) })
			found = append(found, person{start, end, s[start:end], "link to a person"})
		}
		for _, p := range findLinks(query, depth-1) { // a link inside a link
			at := m[4] + strings.IndexByte(s[m[4]:], '?') + 1
			found = append(found, person{at + p.start, at + p.end, p.key, p.kind})
		}
		if start, end, ok := profile(host, path); ok {
			name := strings.TrimPrefix(strings.TrimPrefix(path[start:end], "~"), "@")
			found = append(found, person{m[4] + start, m[4] + end, name, "link to a person"})
		}
	}
	return found
}

// profile gives the place in path of the segments that name a person.
func profile(host, path string) (start, end int, ok bool) {
	type segment struct {
		text       string
		start, end int
	}
	var all []segment
	for i := 0; i < len(path); {
		for i < len(path) && path[i] == '/' {
			i++
		}
		j := i
		for j < len(path) && path[j] != '/' {
			j++
		}
		if j > i {
			all = append(all, segment{path[i:j], i, j})
		}
		i = j
	}
	n := len(all)
	for i, s := range all {
		if len(s.text) > 1 && (s.text[0] == '~' || s.text[0] == '@' && i == 0 && !registry.MatchString(host)) {
			return s.start, s.end, true
		}
		if i+1 == n {
			break
		}
		for _, w := range peoplePaths {
			next := all[i+1]
			if !strings.EqualFold(s.text, w) || noUser[strings.ToLower(next.text)] {
				continue
			}
			if w == "in" && !strings.HasSuffix(host, "linkedin.com") || isPersonHash(next.text) {
				continue
			}
			last := next.end
			if i+2 < n && strings.HasSuffix(host, "stackoverflow.com") {
				last = all[i+2].end // …/users/42/jo-doe
			}
			return next.start, last, true
		}
	}
	if n == 0 || !socialHost(host) {
		return 0, 0, false
	}
	first := all[0]
	switch {
	case strings.HasSuffix(host, "slack.com"):
		if n > 1 && (first.text == "team" || first.text == "client" && n > 2 && strings.HasPrefix(all[n-1].text, "U")) {
			return all[n-1].start, all[n-1].end, true
		}
		return 0, 0, false
	case strings.HasPrefix(host, "api.") || strings.HasPrefix(host, "raw.") || strings.HasPrefix(host, "codeload."):
		return 0, 0, false
	case host == "gist.github.com", host == "avatars.githubusercontent.com":
		return first.start, first.end, true
	case strings.HasSuffix(host, "linkedin.com"), strings.HasSuffix(host, "stackoverflow.com"), strings.HasSuffix(host, "discord.com"), strings.HasSuffix(host, "medium.com"):
		return 0, 0, false
	case strings.HasSuffix(host, "twitter.com"), host == "x.com", strings.HasSuffix(host, "facebook.com"), strings.HasSuffix(host, "instagram.com"):
		return first.start, first.end, true
	}
	name := strings.ToLower(first.text)
	for _, suffix := range [...]string{".png", ".keys", ".gpg", ".atom"} {
		name = strings.TrimSuffix(name, suffix)
	}
	if n > 1 || noProfile[name] || isPersonHash(first.text) {
		return 0, 0, false
	}
	return first.start, first.start + len(name), true
}

// Names in other places: home directories, users of IAM, schemes for calling somebody.
var (
	homeFolder = regexp.MustCompile(`(?:/home/|/Users/|[A-Za-z]:\\Users\\)([^/\\\s:;,"'<>|()]+)`)
	iamUser    = regexp.MustCompile(`\barn:[a-z-]*:iam::\d*:user/([^\s,;"'<>)\]]+)|\barn:[a-z-]*:sts::\d*:federated-user/([^\s,;"'<>)\]]+)`)
	callTo     = regexp.MustCompile(`(?i)\b(?:tel|sms|callto|sips?|skype|xmpp|im):([^\s,;<>"')\]]{3,})`)
)

func findNamed(s string) (found []person) {
	for _, m := range homeFolder.FindAllStringSubmatchIndex(s, -1) {
		if who := s[m[2]:m[3]]; !machineAccounts[strings.ToLower(who)] && !noUser[strings.ToLower(who)] {
			found = append(found, person{m[2], m[3], who, "home directory"})
		}
	}
	for _, m := range iamUser.FindAllStringSubmatchIndex(s, -1) {
		i := 2
		if m[2] < 0 {
			i = 4
		}
		found = append(found, person{m[i], m[i+1], s[m[i]:m[i+1]], "user of IAM"})
	}
	for _, m := range callTo.FindAllStringSubmatchIndex(s, -1) {
		found = append(found, person{m[2], m[3], s[m[2]:m[3]], "number or address to call"})
	}
	return found
}
