package event

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// handle is an @ and what may follow it; findHandles says which are people.
var handle = regexp.MustCompile(`@([\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]*)`)

// notHandles are what stands behind an @ in code and chat and is nobody: calls to all,
// annotations of Java, Kotlin and Spring, decorators of Python and TypeScript, tags of
// documentation comments, rules of style sheets, digests and tags of packages.
var notHandles = words(`here channel everyone all
	override deprecated suppresswarnings functionalinterface safevarargs test before after beforeeach aftereach beforeall afterall
	disabled ignore parameterizedtest mock spy injectmocks bean component service repository controller restcontroller configuration
	autowired inject value transactional scheduled async cacheable cacheevict requestmapping getmapping postmapping putmapping
	deletemapping patchmapping pathvariable requestparam requestbody responsebody entity table column id generatedvalue nullable notnull
	nonnull data getter setter builder slf4j allargsconstructor noargsconstructor requiredargsconstructor retryable circuitbreaker
	timed counted eventlistener kafkalistener springbootapplication enablescheduling enableasync conditionalonproperty profile primary
	qualifier scope lazy order named singleton provides module jvmstatic jvmoverloads throws volatile synchronized transient
	interface annotation retention target documented inherited repeatable resource postconstruct predestroy persistencecontext
	property staticmethod classmethod dataclass dataclasses abstractmethod cached_property lru_cache cache wraps contextmanager
	pytest fixture app router route task shared_task celery decorator overload final click typing functools unittest patch hypothesis
	injectable input output ngmodule directive pipe hostlistener viewchild observable action computed prop watch emit
	param params return returns type typedef callback example since see author version exception throws todo private protected public
	readonly internal link linkcode summary remarks default template typeparam inheritdoc
	media import font-face keyframes charset supports namespace page layer container tailwind apply include extend mixin use forward
	if else for while function sha256 sha512 sha1 md5 latest main master head next beta alpha canary stable edge nightly lts rc dev
	develop staging production prod start end echo`)

// fileName ends what follows the @ of curl's --data @body.json.
var fileName = regexp.MustCompile(`(?i)\.(?:json|ya?ml|txt|xml|csv|tsv|sql|sh|bin|pem|crt|key|conf|toml|gz|zip|tf|log)$`)

var onlyVersion = regexp.MustCompile(`^v?\d+(?:[.-]\d+)*$`)

// registry are the hosts in whose URLs /@scope/ is a scope of packages.
var registry = regexp.MustCompile(`(?i)(?:npm|unpkg|jsdelivr|registry|esm\.|yarn|skypack|verdaccio|artifactory|nexus)[^\s"'<>]*$`)

func findHandles(s string) (found []person) {
	for _, m := range handle.FindAllStringSubmatchIndex(s, -1) {
		name := strings.TrimRight(s[m[2]:m[3]], ".-_")
		end := m[2] + len(name)
		before, _ := utf8.DecodeLastRuneInString(s[:m[0]])
		after := s[end:]
		inPath, url := before == '/', lastWord(s[max(0, m[0]-maxLookBack):m[0]])
		scope := len(after) > 1 && after[0] == '/' && isAlphanumeric(after[1])
		lower := strings.ToLower(name)
		first, _, _ := strings.Cut(lower, ".")
		switch {
		case m[0] > 0 && (unicode.IsLetter(before) || unicode.IsDigit(before) || unicode.IsMark(before) || before == '_' || before == '@'):
			continue // inside a word: an address, a version, a digest
		case name == "" || onlyVersion.MatchString(lower) || notHandles[lower] || notHandles[first] && first != lower:
			continue
		case scope && !inPath: // @scope/package, @organisation/team
			continue
		case inPath && scope && (registry.MatchString(url) || !strings.Contains(url, "://")): // …/node_modules/@scope/package
			continue
		case fileName.MatchString(name):
			continue
		}
		found = append(found, person{m[0], end, name, "@handle"})
	}
	return found
}

// maxLookBack bounds, in bytes, how far before something its surroundings are looked at.
const maxLookBack = 256

// lastWord is what stands behind the last white space of s.
func lastWord(s string) string { return s[strings.LastIndexAny(s, " \t\n<>\"'")+1:] }
