package event

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/schemas"
)

// The person of these tests; no form of the two names may be left in what is stored.
const (
	secretName  = "zorblax"
	secretOther = "quimby"
)

// disguises are ways in which an identifier of the person stands in a text.
var disguises = []string{
	"zorblax.quimby@example.com",
	"Zorblax.Quimby@Example.COM,",
	"zorblax+quimby@mail.example.co.uk.",
	"<zorblax@example.com>",
	"zorblax＠example．com",
	"zorblax﹫example.com",
	"zorb\u200blax@exam\u200dple.com",
	"zorb\u00adlax\u2060@example.com",
	"𝓏𝑜𝓇𝒷𝓁𝒶𝓍@example.com",
	"ｚｏｒｂｌａｘ@example.com",
	"zorblax%40example.com",
	"zorblax%2540example%252Ecom",
	"%7Aorblax@example.com",
	"zorblax&#64;example.com",
	"zorblax&#x40;example&#46;com",
	"zorblax&commat;example.com",
	"&#122;orblax&amp;#64;example.com",
	`zorblax\u0040example.com`,
	"zorblax@bücher.example",
	"zorblax@xn--bcher-kva.example",
	"zörblax.quimby@例え.jp",
	"zorblax (at) example (dot) com",
	"zorblax[at]example[dot]com",
	"zorblax {AT} example.com",
	"zorblax at example dot com",
	"zorblax [dot] quimby [at] example [dot] com",
	"zorblax @ example.com",
	"zorblax.quimby@corp.acmecorp",
	"@zorblax",
	"(@zorblax-quimby)",
	"@Zorblax.Quimby!",
	"cc:@zorblax",
	"＠zorblax",
	"@zorblax's",
	"[@zorblax](https://github.com/zorblax)",
	"[fixed it](mailto:zorblax@example.com?cc=quimby@example.com)",
	"<@U0ZORBLAX|quimby>",
	"<mailto:zorblax@example.com|Zorblax Quimby>",
	"https://github.com/zorblax",
	"github.com/zorblax.",
	"https://gitlab.com/Zorblax",
	"https://gitlab.example.com/users/zorblax/projects",
	"https://acme.slack.com/team/UZORBLAX",
	"https://www.linkedin.com/in/zorblax-quimby/",
	"https://people.example.com/~zorblax/",
	"https://social.example/@zorblax",
	"https://tool.example.com/browse?id=7&assignee=zorblax",
	"https://zorblax:quimby@git.example.com/x.git",
	"postgres://zorblax:qu@db.internal:5432/app",
	"ssh zorblax@bastion",
	"Signed-off-by: Zorblax Quimby <zorblax@example.com>",
	"Co-authored-by: Zorblax Quimby",
	"reviewed by: Zorblax",
	"Author: Zorblax Quimby",
	`{"author":"zorblax","note":"x"}`,
	`{"a":[{"user":{"name":"Zorblax","quimby@example.com":1}}]}`,
	`level=info user=zorblax msg="x"`,
	`said "reporter": "Zorblax Quimby"`,
	"uid=zorblax,ou=people,dc=example,dc=com",
	"CN=Zorblax Quimby,OU=Users,DC=example,DC=com",
	"arn:aws:iam::123456789012:user/zorblax",
	"arn:aws:sts::123456789012:assumed-role/Admin/zorblax@example.com",
	"/home/zorblax/app.py", `C:\Users\Zorblax\app.py`,
	"sip:zorblax@pbx.example.com", "skype:zorblax.quimby",
}

// phones are told apart by their digits.
var phones = []string{"+49 151 98765432", "tel:+4915198765432", "+49-(151)-9876 5432"}

func survives(text string) bool {
	for _, s := range []string{text, fold(text).text, strings.ToLower(fold(text).text)} {
		s = strings.ToLower(s)
		if strings.Contains(s, secretName) || strings.Contains(s, secretOther) || strings.Contains(s, "zörblax") || strings.Contains(s, "98765432") {
			return true
		}
	}
	return false
}

func TestDisguisesAreSeenThrough(t *testing.T) {
	d := newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})
	for _, disguise := range append(slices.Clone(disguises), phones...) {
		for _, form := range []string{"%s", "told %s to", "see (%s)", "\"%s\"", "x, %s; y", "line\n%s\nline", "| %s |"} {
			text := fmt.Sprintf(form, disguise)
			if got := d.redactor.text(text, nil); survives(got) {
				t.Errorf("%q: %q", text, got)
			} else if again := d.redactor.text(got, nil); again != got {
				t.Errorf("%q becomes %q, and at a second time %q", text, got, again)
			}
		}
	}
}

// The same person is the same, however written.
func TestOneHashForAPerson(t *testing.T) {
	d := newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})
	for _, same := range [][]string{
		{"zorblax@example.com", "ZORBLAX@Example.com", "zorblax%40example.com", "zorblax (at) example [dot] com", "zorblax＠example．com", "zorb\u200blax@example.com", "<mailto:zorblax@example.com|Z>", "Signed-off-by: Zorblax <zorblax@example.com>"},
		{"@zorblax", "＠zorblax", "<@zorblax>", "https://github.com/zorblax", "/home/zorblax/x"},
	} {
		hashes := map[string]bool{}
		for _, s := range same {
			got := d.redactor.text(s, nil)
			at := strings.Index(got, personMark)
			if at < 0 {
				t.Fatalf("%q: %q", s, got)
			}
			hashes[got[at:at+19]] = true
		}
		if len(hashes) != 1 {
			t.Errorf("%q: %d persons", same, len(hashes))
		}
	}
	if handle, field := d.redactor.text("@zorblax", nil), d.redactor.value("zorblax", nil, "author", true); handle != field {
		t.Errorf("a handle is %v, the same login in a field %v", handle, field)
	}
}

func TestTechnicalTextIsLeftAlone(t *testing.T) {
	d := newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})
	for _, text := range []string{
		"@Override was missing", "@Transactional(readOnly = true)", "@app.route('/x')", "@pytest.fixture", "@media (max-width: 600px)", "@param name",
		"@scope/pkg", "@angular/core@17.1.0", "npm i @types/node", "https://packages.example/package/@scope/pkg", "https://registry.example/@scope/pkg",
		"node_modules/@babel/core/lib", "@org/platform-team", "@here", "@channel: down",
		"name@sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427", "registry.example.com:5000/a/b@sha256:0b31",
		"pkg:oci/checkout@sha256%3A0b31b1c0", "pkg:npm/%40angular/core@12.3.1", "pkg:golang/google.golang.org/genproto@abcdedf", "pkg:npm/left-pad@1.2.beta",
		"pkg:maven/org.apache.commons/io@1.3.4?type=jar", "github.com/foo/bar@v1.2.3", "actions/checkout@v4", "left-pad@^1.0.0", "foo@1.2.3-rc.1+build.5",
		"v1.2.3+20130313144700", "1.0.0-beta+exp.sha.5114f85", "vite@latest", "react@next",
		"git@github.com:org/repo", "git@github.com:org/repo.git", "ssh://git@github.com/org/repo", "git clone git@gitlab.example.com:a/b.git", "ssh ubuntu@bastion", "svn@svn.example.com",
		"https://github.com/org/repo/pull/7", "github.com/org/repo", "https://github.com/orgs/acme/teams", "https://api.github.com/repos/a/b", "https://gitlab.com/a/b/-/issues/1",
		"https://acme.slack.com/archives/C01/p1", "https://example.com/users/login", "POST /users/login", "/api/v1/users", "/home/node/app",
		"kube-system/coredns-5d78c9869d-abcde", "ip-10-0-32-54.eu-west-1.compute.internal", "checkout.prod.svc.cluster.local:8080", "getty@tty1.service", "foo@bar.timer", "icon@2x.png",
		"rate(http_requests_total[5m] @ 1609746000)", "x @ end()", "x @ start()", "up @1609746000", "sum by (job) (rate(x[5m]))", "10 rps @ checkout.prod.svc",
		"10.0.0.0/8", "192.168.1.1:8080", "fe80::1", "2001:db8::/32", "CIDR 10.1.2.0/24 is full",
		"arn:aws:s3:::bucket/key", "arn:aws:iam::123456789012:role/Deploy", "arn:aws:sts::123456789012:assumed-role/Deploy/i-0abc", "arn:aws:lambda:eu-west-1:123456789012:function:f",
		"java.lang.Object@1b2c3d4", "Thread@5e9f23b4", "curl -d @body.json", "PLAINTEXT://1@kafka-0.kafka.svc:9093", "1@kafka-0.kafka:9093",
		"x@y", "S&O and IT", "R&D;", "100 %", "50%25", "a%2Fb", "+01:00", "2026-03-20T14:27:05+02:00", "+1 replica", "+100 % load", "-5 +7",
		"service@project.iam.gserviceaccount.com", "Status 503 at checkout.example.com", "(at once)", "Caused-by: NullPointerException", "Fixes: #12", "sorted by: time", "Owner: payments team", "Assignee: none",
		"\"count\": \"7\"", "key=value", "name=checkout", "affected_users=1200", "env=production user_impact=high",
		"ÄÖÜ – Zeitüberschreitung", "Ⅳ", "½ of it", "⚠️ disk full", "日本語のサービス", "person:0123456789ab", "https://x.example/person:0123456789ab",
	} {
		if got := d.redactor.text(text, nil); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestFieldsForPeople(t *testing.T) {
	for _, name := range strings.Fields(`author assignee reporter commander incident_commander incidentCommander user user_id userName userid created_by
		createdBy createdby reported-by acknowledgedBy rolled_back_by signed_off_by triggering_actor assignee_ids author_email commander_slack_id
		first_name firstName displayName email emails pusher sender owner on_call oncall assigned_to last_modified_by Author AUTHOR
		assigned-to login approvers gravatar_id client_ip x-forwarded-for reviewer.name attendees ｕｓｅｒ us\u200ber`) {
		if name = strings.ReplaceAll(name, `\u200b`, "\u200b"); !isPersonal(name) {
			t.Errorf("%s is not taken for a person's", name)
		}
	}
	for _, name := range strings.Fields(`service services environment title labels team containedBy contained_by avertedBy detectedBy managed-by
		app.kubernetes.io/managed-by causedBy affected_users userImpact user_impact end_users sorted_by blockedBy standby supersededBy groupBy
		key keys id ids name url version artifactId deployId flagKey description uri number summary release leadTime event_type status code_owner`) {
		if isPersonal(name) {
			t.Errorf("%s is taken for a person's", name)
		}
	}
}

// types lists every schema of an event with an instance that states all it can.
func instances(t *testing.T) map[string]map[string]any {
	t.Helper()
	docs := map[string]map[string]any{}
	err := fs.WalkDir(schemas.Event, "event", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		raw, err := fs.ReadFile(schemas.Event, path)
		if err != nil {
			return err
		}
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			return err
		}
		docs[doc["$id"].(string)] = doc
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	g := generator{t, docs}
	all := map[string]map[string]any{}
	for id, doc := range docs {
		typ, ok := describedType(any(doc))
		if !ok {
			continue
		}
		tree := g.value(doc, id, 0).(map[string]any)
		tree["customData"] = map[string]any{"tool": map[string]any{"note": "x", "list": []any{"x", map[string]any{"deep": "x"}}}}
		delete(tree, "customDataContentType")
		name, _, _ := splitType(typ)
		switch meanings[name].shape {
		case shapeIncident:
			tree["customData"].(map[string]any)["tuition"] = g.value(docs[ownBase+"tuition-customdata-incident.0.1.0.json"], ownBase+"tuition-customdata-incident.0.1.0.json", 0)
		case shapeService:
			tree["customData"].(map[string]any)["tuition"] = g.value(docs[ownBase+"tuition-customdata-service.0.1.0.json"], ownBase+"tuition-customdata-service.0.1.0.json", 0)
		}
		all[typ+" "+id] = tree
	}
	return all
}

// generator makes values that fit a schema and state every property that it names.
type generator struct {
	t    *testing.T
	docs map[string]map[string]any
}

func (g generator) value(schema map[string]any, base string, depth int) any {
	if depth > 12 {
		return "x"
	}
	if ref, ok := schema["$ref"].(string); ok {
		file, pointer, _ := strings.Cut(ref, "#")
		target := base
		switch {
		case strings.HasPrefix(file, "http"):
			target = file
		case strings.HasPrefix(file, "/"):
			target = "https://cdevents.dev" + file
		case file != "":
			target = base[:strings.LastIndexByte(base, '/')+1] + file
		}
		node, ok := g.docs[target]
		if !ok {
			g.t.Fatalf("%s: no schema %s", base, target)
		}
		for part := range strings.SplitSeq(strings.Trim(pointer, "/"), "/") {
			if part != "" {
				node = node[part].(map[string]any)
			}
		}
		return g.value(node, target, depth+1)
	}
	var made any
	for _, key := range []string{"allOf", "oneOf", "anyOf"} {
		list, _ := schema[key].([]any)
		for i, part := range list {
			if i > 0 && key != "allOf" {
				break
			}
			made = merged(made, g.value(part.(map[string]any), base, depth+1))
		}
	}
	if enum, ok := schema["enum"].([]any); ok {
		return enum[0]
	}
	if c, ok := schema["const"]; ok {
		return c
	}
	kind := schema["type"]
	if list, ok := kind.([]any); ok {
		kind = list[0]
	}
	if kind == nil && schema["properties"] != nil {
		kind = "object"
	}
	switch kind {
	case "object":
		object := map[string]any{}
		properties, _ := schema["properties"].(map[string]any)
		for name, p := range properties {
			object[name] = g.value(p.(map[string]any), base, depth+1)
		}
		if extra, ok := schema["additionalProperties"].(map[string]any); ok && len(properties) == 0 {
			object["x"] = g.value(extra, base, depth+1)
		}
		return merged(made, object)
	case "array":
		items, _ := schema["items"].(map[string]any)
		if items == nil {
			return []any{}
		}
		return []any{g.value(items, base, depth+1)}
	case "string":
		switch {
		case schema["format"] == "date-time":
			return "2026-03-20T12:00:00Z"
		case schema["format"] != nil:
			return "https://x.example/x"
		case schema["pattern"] != nil:
			return "EUR"
		}
		return "x"
	case "number", "integer":
		return 1.0
	case "boolean":
		return true
	}
	if made == nil {
		return map[string]any{}
	}
	return made
}

func merged(a, b any) any {
	x, ok := a.(map[string]any)
	y, ok2 := b.(map[string]any)
	if !ok || !ok2 {
		return b
	}
	x = maps.Clone(x)
	for name, v := range y {
		x[name] = merged(x[name], v)
	}
	return x
}

// leaf is a text in a tree, or the name of a property.
type leaf struct {
	path string
	get  string
	set  func(string)
}

func leaves(v any, path string, set func(any), all *[]leaf) {
	switch v := v.(type) {
	case string:
		*all = append(*all, leaf{path, v, func(s string) { set(s) }})
	case []any:
		for i, item := range v {
			leaves(item, fmt.Sprint(path, "/", i), func(x any) { v[i] = x }, all)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			leaves(v[name], path+"/"+name, func(x any) { v[name] = x }, all)
		}
		if strings.HasSuffix(path, "/labels") || strings.HasSuffix(path, "/tool") {
			var last string
			*all = append(*all, leaf{path + "/(name)", "", func(s string) {
				delete(v, last)
				if last = s; s != "" {
					v[s] = "x"
				}
			}})
		}
	}
}

// Every text of every schema, with every disguise, in both modes: nothing is left of
// the person in the canonical JSON or in any column, and a refusal does not tell.
func TestNoFieldKeepsAPerson(t *testing.T) {
	hash := newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})
	refuse := newDecoder(t, Options{Redact: RedactReject})
	plain := newDecoder(t, Options{})
	tried := 0
	for name, tree := range instances(t) {
		encode := func() []byte {
			raw, err := json.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
		var e Event
		if r := plain.Decode(&Message{Value: encode()}, &e); r != nil {
			t.Fatalf("%s: %v\n%s", name, r, encode())
		}
		var all []leaf
		leaves(tree, "", func(any) {}, &all)
		for i, l := range all {
			accepted := 0
			for k, disguise := range append(slices.Clone(disguises), phones...) {
				if os.Getenv("TUITION_LONG") == "" && (i+k)%8 != 0 {
					continue
				}
				for _, value := range []string{disguise, "/x/" + disguise, "https://x.example/x?by=" + disguise} {
					l.set(value)
					raw := encode()
					if plain.Decode(&Message{Value: raw}, &e) != nil {
						continue // a word of a closed list, a time, a URI: the next form may fit
					}
					accepted++
					tried++
					if r := hash.Decode(&Message{Value: raw}, &e); r != nil {
						t.Fatalf("%s %s: %v", name, l.path, r)
					}
					if column := kept(&e); column != "" {
						t.Errorf("%s%s: %q is left in %s", name, l.path, value, column)
					}
					if r := refuse.Decode(&Message{Value: raw}, &e); r == nil || r.Code != CodePersonalData {
						t.Errorf("%s%s: %q is not refused: %v", name, l.path, value, r)
					} else if survives(r.Error()) {
						t.Errorf("%s%s: the refusal tells: %v", name, l.path, r)
					}
					break
				}
			}
			l.set(l.get)
			if free := l.get == "x" || l.get == ""; free && accepted == 0 {
				t.Errorf("%s%s: no disguise fits this text", name, l.path)
			}
		}
	}
	if tried < 2000 {
		t.Errorf("only %d values were tried", tried)
	}
	t.Logf("%d values tried", tried)
}

// kept names the column of e that still holds the person.
func kept(e *Event) string {
	v := reflect.ValueOf(*e)
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case f.Kind() == reflect.String && survives(f.String()):
			return v.Type().Field(i).Name + ": " + f.String()
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.String:
			for j := range f.Len() {
				if survives(f.Index(j).String()) {
					return v.Type().Field(i).Name
				}
			}
		}
	}
	return ""
}

// What suspect says no to is never looked at again: nothing may be there to find.
func FuzzSuspect(f *testing.F) {
	for _, disguise := range append(slices.Clone(disguises), phones...) {
		f.Add(disguise)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || suspect(s) {
			return
		}
		if _, _, v := findJSON(s); v != nil {
			t.Errorf("JSON in %q", s)
		}
		if found := findPeople(fold(s).text); len(found) > 0 {
			t.Errorf("%q: %+v", s, found)
		}
	})
}

// The same over pieces that identifiers are made of, which random bytes would not find.
func TestSuspectMissesNothing(t *testing.T) {
	pieces := []string{
		"jo", "Jo", "doe", "example.com", "example", "com", "@", "＠", " ", " at ", " dot ", "(at)", "[dot]", "{", "}", "(", ")", "<", ">", "|", ":", "//", "/", ".", "-", "_", "+", "%40", "%", "&#64;", "&", ";", "=", "?", "#",
		"https", "mailto", "github.com", "users", "u", "team", "slack.com", "U123", "author", "Reviewed-by", "by", "owner", "user", "uid", "ou", "people", "tel", "4915112345678", "arn", "aws", "iam", "/home", "/Users", "ssh", "git", "sha256",
		"v1", "1.2", "\"", "'", "\n", "\u200b", "\\", "u0040", ",", "svc", "pkg", "\u2003", "ü",
	}
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 12).Draw(t, "pieces"), "")
		if suspect(s) {
			return
		}
		if found := findPeople(fold(s).text); len(found) > 0 {
			t.Fatalf("%q: %+v", s, found)
		}
	})
}

// Texts made to take long come to an end: with a search that looks back or ahead
// without bounds, this takes minutes.
func TestLongTextsAreBounded(t *testing.T) {
	d := newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})
	for _, piece := range []string{"[", "{\"", "/@a/b", "a.b/?", " at ", "x://", "a@1,", "a@", "@a ", "user=", "&#64;", "%40", "<@", "a:", "+1 ", "ssh ", "github.com/", "by: "} {
		d.redactor.text(strings.Repeat(piece, 50_000/len(piece)), nil)
	}
}
