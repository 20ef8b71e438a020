package event

import "strings"

// form is how the value of an attribute may look, besides null.
type form uint8

const (
	formText    form = iota // not empty
	formFree                // may be empty
	formURI                 // a plain URI reference
	formWord                // one of a closed list
	formTime                // RFC 3339
	formBool                //
	formGrade               // 1 to 5
	formSeconds             // an integer from 0 to a hundred years
	formShare               // 0 to 1
	formList                // of texts
	formLinks               // {"changes":[…],"commits":[…]}
	formLabels              // object of texts
)

const (
	onIncident = 1 << shapeIncident
	onService  = 1 << shapeService
)

// fastAttribute is an attribute of customData.tuition.
type fastAttribute struct {
	name  string
	shape uint8 // on which events, as bits
	form  form
	words []string // of formWord
}

// fastAttributes are all of them in the order of canonical JSON. They must say the
// same as the two schemas of customData.tuition; the differential fuzz holds them to it.
var fastAttributes = [...]fastAttribute{
	{name: "acknowledgedAt", shape: onIncident, form: formTime},
	{name: "automaticRollback", shape: onService, form: formBool},
	{name: "blastRadius", shape: onIncident | onService, form: formShare},
	{name: "causeCategory", shape: onIncident, form: formWord, words: []string{"change", "configuration", "capacity", "dependency", "design", "documentation", "process", "monitoring", "unknown"}},
	{name: "commit", shape: onService, form: formText},
	{name: "contained", shape: onIncident | onService, form: formBool},
	{name: "containedBy", shape: onIncident | onService, form: formText},
	{name: "deployId", shape: onService, form: formText},
	{name: "detectedAt", shape: onIncident, form: formTime},
	{name: "detectionSource", shape: onIncident, form: formWord, words: []string{"monitoring", "customer", "employee", "experiment", "unknown"}},
	{name: "duplicateOf", shape: onIncident, form: formText},
	{name: "failureMode", shape: onIncident, form: formText},
	{name: "finishedAt", shape: onService, form: formTime},
	{name: "labels", shape: onIncident | onService, form: formLabels},
	{name: "links", shape: onIncident, form: formLinks},
	{name: "mitigatedAt", shape: onIncident, form: formTime},
	{name: "outcome", shape: onService, form: formWord, words: []string{"succeeded", "failed", "cancelled"}},
	{name: "planned", shape: onIncident | onService, form: formBool},
	{name: "resolvedAt", shape: onIncident, form: formTime},
	{name: "rollout", shape: onService, form: formWord, words: []string{"all-at-once", "canary", "blue-green"}},
	{name: "services", shape: onIncident, form: formList},
	{name: "severity", shape: onIncident, form: formGrade},
	{name: "startedAt", shape: onIncident | onService, form: formTime},
	{name: "statedDetectSeconds", shape: onIncident, form: formSeconds},
	{name: "statedResolveSeconds", shape: onIncident, form: formSeconds},
	{name: "title", shape: onIncident | onService, form: formFree},
	{name: "uri", shape: onIncident | onService, form: formURI},
	{name: "version", shape: onService, form: formText},
}

var (
	fastIndex    = indexAttributes()
	fastColumns  = columnsOfAttributes() // the zero column: the attribute has none
	fastDeployID = fastIndex["deployId"]
)

func indexAttributes() map[string]int {
	index := map[string]int{}
	for i, a := range fastAttributes {
		index[a.name] = i
	}
	return index
}

func columnsOfAttributes() (c [len(fastAttributes)]column) {
	for i, a := range fastAttributes {
		c[i] = columns[a.name]
	}
	return c
}

const (
	fastItems     = 100           // longer lists are left to the slow path
	longestStated = 3_155_760_000 // a hundred years of seconds
)

// scanCustom reads customData, if it has nothing but the object tuition.
func (f *fastEvent) scanCustom(p *scanner, redacting bool) bool {
	if !p.exactly('{') {
		return false
	}
	name, more, ok := p.next(0)
	if !ok || !more {
		return ok
	}
	if name != "tuition" || !p.exactly('{') {
		return false
	}
	f.hasTuition = true
	for n := 0; ; n++ {
		name, more, ok := p.next(n)
		if !ok {
			return false
		}
		if !more {
			return p.token('}')
		}
		i, known := fastIndex[name]
		if !known || f.own[i] != "" || fastAttributes[i].form == formLabels && redacting {
			return false
		}
		start := p.i
		if !p.word("null") && !f.scanOwn(p, &fastAttributes[i]) {
			return false
		}
		f.own[i] = share(p.b[start:p.i])
	}
}

// scanOwn reads one value that is its own canonical form.
func (f *fastEvent) scanOwn(p *scanner, a *fastAttribute) bool {
	switch a.form {
	case formBool:
		return p.word("true") || p.word("false")
	case formGrade:
		n, ok := plainInteger(p.number())
		return ok && n >= 1 && n <= 5
	case formSeconds:
		n, ok := plainInteger(p.number())
		return ok && n <= longestStated
	case formShare:
		_, ok := plainShare(p.number())
		return ok
	case formList:
		return scanList(p, &f.services)
	case formLinks:
		return f.scanLinks(p)
	case formLabels:
		return scanLabels(p)
	}
	s, ok := p.text()
	if !ok {
		return false
	}
	switch a.form {
	case formFree:
		return true
	case formURI:
		return plainReference(s)
	case formTime:
		t, ok := parseTime(s)
		return ok && inBounds(t)
	case formWord:
		for _, w := range a.words {
			if w == s {
				return true
			}
		}
		return false
	}
	return s != ""
}

// scanList reads a list of texts without white space.
func scanList(p *scanner, into *[]string) bool {
	if !p.exactly('[') {
		return false
	}
	for !p.exactly(']') {
		if len(*into) > 0 && !p.exactly(',') || len(*into) == fastItems {
			return false
		}
		s, ok := p.text()
		if !ok || s == "" {
			return false
		}
		*into = append(*into, s)
	}
	return true
}

// scanLinks reads {"changes":[…],"commits":[…]} in this order and without white space.
func (f *fastEvent) scanLinks(p *scanner) bool {
	if !p.exactly('{') {
		return false
	}
	changes := p.word(`"changes":`)
	if changes && !scanList(p, &f.changes) {
		return false
	}
	if changes && p.exactly('}') {
		return true
	}
	if changes && !p.exactly(',') {
		return false
	}
	if p.word(`"commits":`) {
		return scanList(p, &f.commits) && p.exactly('}')
	}
	return !changes && p.exactly('}')
}

// scanLabels reads an object of texts whose names are in order, without white space.
func scanLabels(p *scanner) bool {
	if !p.exactly('{') {
		return false
	}
	last := ""
	for n := 0; !p.exactly('}'); n++ {
		if n > 0 && !p.exactly(',') || n == fastItems {
			return false
		}
		name, ok := p.text()
		if !ok || n > 0 && name <= last || !isASCII(name) || !p.exactly(':') {
			return false
		}
		if _, ok = p.text(); !ok {
			return false
		}
		last = name
	}
	return true
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// applyOwn fills the columns that customData.tuition states.
func (f *fastEvent) applyOwn(e *Event) {
	if !f.hasTuition {
		return
	}
	for i, raw := range f.own {
		c := &fastColumns[i]
		if raw == "" || c.stated == 0 {
			continue
		}
		e.Stated |= c.stated
		null := raw == "null"
		switch {
		case c.text != nil:
			*c.text(e) = ""
			if !null {
				*c.text(e) = unquote(raw)
			}
		case c.moment != nil:
			*c.moment(e) = 0
			if !null {
				*c.moment(e), _ = parseTime(unquote(raw))
			}
		case c.tristate != nil:
			*c.tristate(e) = tristateOf(raw == "true", !null)
		case null:
		case c.stated == StatedSeverity:
			e.Severity = raw[0] - '0'
		case c.stated == StatedBlastRadius:
			e.BlastRadius, _ = plainShare(raw)
		}
		if c.stated == StatedServices {
			service := ""
			if len(f.services) > 0 {
				service = f.services[0]
			}
			setServices(e, service, f.services)
		}
	}
}

// appendLinks writes the stated causes of an incident into b, which must have the room.
func (f *fastEvent) appendLinks(b []byte, e *Event) []byte {
	for _, kind := range [...]struct {
		prefix string
		ids    []string
	}{{"change:", f.changes}, {"commit:", f.commits}} {
		for _, id := range kind.ids {
			start := len(b)
			b = append(append(b, kind.prefix...), id...)
			e.Links = append(e.Links, share(b[start:]))
		}
	}
	return b
}

// appendRest writes the attributes that have no column as a JSON object, if there are any.
func (f *fastEvent) appendRest(b []byte) []byte {
	start := len(b)
	b = append(b, '{')
	first := len(b)
	if f.hasDescription {
		b = appendText(b, `"description":"`, f.description, `"`)
	}
	ticket := f.ticketURI == ""
	for i, raw := range f.own {
		name := fastAttributes[i].name
		if raw == "" || fastColumns[i].stated != 0 || i == fastDeployID {
			continue
		}
		if !ticket && strings.Compare("ticketURI", name) < 0 {
			b, ticket = f.appendTicket(b, first), true
		}
		b = appendMember(b, first, name, raw)
	}
	if !ticket {
		b = f.appendTicket(b, first)
	}
	if len(b) == first {
		return b[:start]
	}
	return append(b, '}')
}

func (f *fastEvent) appendTicket(b []byte, first int) []byte {
	if len(b) > first {
		b = append(b, ',')
	}
	return appendText(b, `"ticketURI":"`, f.ticketURI, `"`)
}
