package event

import "slices"

// fastEvent is what the fast path read of a CDEvent 0.5, as views of its bytes. An
// empty text is absent: where the schema allows an empty one, there is a flag.
type fastEvent struct {
	chainID, id, schemaURI, source, specversion, timestamp, typ string
	subjectID, subjectSource                                    string
	environmentID, environmentSource                            string
	serviceID, serviceSource                                    string
	artifact, ticketURI, description, customType                string
	hasDescription, hasCustomType, hasCustom, hasTuition        bool
	hasContext, hasSubject, hasContent                          bool
	hasEnvironment, hasService                                  bool
	own                                                         [len(fastAttributes)]string // raw JSON
	services, changes, commits                                  []string
}

// reset forgets the last event and keeps the lists' memory.
func (f *fastEvent) reset() {
	*f = fastEvent{services: f.services[:0], changes: f.changes[:0], commits: f.commits[:0]}
}

// decodeFast reads the types that come in masses: CDEvents 0.5 service.deployed,
// .upgraded, .rolledback and incident.*, in plain form. It accepts only what the
// schemas accept and fills the same Event as decodeSlow, without allocating; in
// any doubt it says false and leaves the event to decodeSlow.
func (d *Decoder) decodeFast(data []byte, into *Event) bool {
	f := &d.fast
	f.reset()
	p := scanner{b: data}
	if !f.scan(&p, d.redactor != nil) {
		return false
	}
	means, ok := fastTypes[f.typ]
	if !ok || !f.fits(means) {
		return false
	}
	into.Kind, into.Predicate, into.ChangeKind = means.kind, means.predicate, means.change
	into.Source, into.ID, into.Type = f.source, f.id, f.typ
	if into.OccurredAt, ok = parseTime(f.timestamp); !ok {
		return false
	}
	if into.Predicate == PredicateDetected {
		into.DetectionSource = "monitoring"
		into.Stated |= StatedDetectionSource
	}
	f.applyOwn(into)
	into.Stated |= StatedEnvironment
	into.Environment = f.environmentID
	if f.artifact != "" {
		into.Artifact = f.artifact
		into.Stated |= StatedArtifact
	}
	// Enough for everything that is written, so that nothing moves that is shared.
	d.out = slices.Grow(d.out[:0], 8*len(data)+1024)
	if means.shape == shapeIncident {
		into.Entity = f.subjectID
		if f.hasService {
			setServices(into, f.serviceID, f.services)
		}
		d.out = f.appendLinks(d.out, into)
	} else {
		setServices(into, f.subjectID, nil)
		if id := f.own[fastDeployID]; id != "" && id != "null" {
			into.Entity = unquote(id)
		} else {
			start := len(d.out)
			d.out = appendChangeID(d.out, into)
			into.Entity = share(d.out[start:])
		}
	}
	start := len(d.out)
	if f.hasTuition || f.hasDescription || f.ticketURI != "" {
		d.out = f.appendRest(d.out)
	}
	if len(d.out) > start {
		into.Attributes = share(d.out[start:])
		into.Stated |= StatedAttributes
	}
	start = len(d.out)
	d.out = f.appendCanonical(d.out)
	into.Canonical = share(d.out[start:])
	return true
}

// fastTypes are the types of the fast path.
var fastTypes = func() map[string]meaning {
	types := map[string]meaning{}
	for _, name := range [...]string{"incident.detected", "incident.reported", "incident.resolved", "service.deployed", "service.upgraded", "service.rolledback"} {
		types[coreFamily+name+".0.3.0"] = meanings[coreFamily+name]
	}
	return types
}()

// scan reads the whole of a CDEvent. labels are left to the slow path if people
// are taken out of events, as their names matter then.
func (f *fastEvent) scan(p *scanner, redacting bool) bool {
	if !p.token('{') {
		return false
	}
	for n := 0; ; n++ {
		name, more, ok := p.next(n)
		if !ok {
			return false
		}
		if !more {
			break
		}
		switch name {
		case "context":
			ok = !f.hasContext && f.scanContext(p)
			f.hasContext = true
		case "subject":
			ok = !f.hasSubject && f.scanSubject(p)
			f.hasSubject = true
		case "customData":
			ok = !f.hasCustom && f.scanCustom(p, redacting)
			f.hasCustom = true
		case "customDataContentType":
			ok = !f.hasCustomType
			if ok {
				f.customType, ok = p.text()
			}
			f.hasCustomType = true
		default:
			return false
		}
		if !ok {
			return false
		}
	}
	p.space()
	return p.i == len(p.b)
}

func (f *fastEvent) scanContext(p *scanner) bool {
	if !p.exactly('{') {
		return false
	}
	for n := 0; ; n++ {
		name, more, ok := p.next(n)
		if !ok || !more {
			return ok
		}
		switch name {
		case "specversion":
			ok = p.textInto(&f.specversion)
		case "id":
			ok = p.textInto(&f.id)
		case "source":
			ok = p.textInto(&f.source) && plainReference(f.source)
		case "type":
			ok = p.textInto(&f.typ)
		case "timestamp":
			ok = p.textInto(&f.timestamp)
		case "schemaUri":
			ok = p.textInto(&f.schemaURI) && plainURL(f.schemaURI)
		case "chainId":
			ok = p.textInto(&f.chainID)
		default:
			return false
		}
		if !ok {
			return false
		}
	}
}

func (f *fastEvent) scanSubject(p *scanner) bool {
	if !p.exactly('{') {
		return false
	}
	for n := 0; ; n++ {
		name, more, ok := p.next(n)
		if !ok || !more {
			return ok
		}
		switch name {
		case "id":
			ok = p.textInto(&f.subjectID)
		case "source":
			ok = p.textInto(&f.subjectSource) && plainReference(f.subjectSource)
		case "content":
			ok = !f.hasContent && f.scanContent(p)
			f.hasContent = true
		default:
			return false
		}
		if !ok {
			return false
		}
	}
}

func (f *fastEvent) scanContent(p *scanner) bool {
	if !p.exactly('{') {
		return false
	}
	for n := 0; ; n++ {
		name, more, ok := p.next(n)
		if !ok || !more {
			return ok
		}
		switch name {
		case "environment":
			ok = !f.hasEnvironment && scanReference(p, &f.environmentID, &f.environmentSource)
			f.hasEnvironment = true
		case "service":
			ok = !f.hasService && scanReference(p, &f.serviceID, &f.serviceSource)
			f.hasService = true
		case "artifactId":
			ok = p.textInto(&f.artifact)
		case "ticketURI":
			ok = p.textInto(&f.ticketURI) && plainURL(f.ticketURI)
		case "description":
			ok = !f.hasDescription
			if ok {
				f.description, ok = p.text()
			}
			f.hasDescription = true
		default:
			return false
		}
		if !ok {
			return false
		}
	}
}

// scanReference reads {"id":…,"source":…}, of which id is required.
func scanReference(p *scanner, id, source *string) bool {
	if !p.exactly('{') {
		return false
	}
	for n := 0; ; n++ {
		name, more, ok := p.next(n)
		if !ok || !more {
			return ok && *id != ""
		}
		switch name {
		case "id":
			ok = p.textInto(id)
		case "source":
			ok = p.textInto(source) && plainReference(*source)
		default:
			return false
		}
		if !ok {
			return false
		}
	}
}

// fits says whether everything required is there and nothing that the type does not know.
func (f *fastEvent) fits(means meaning) bool {
	if f.specversion == "" || f.id == "" || f.source == "" || f.timestamp == "" ||
		f.subjectID == "" || !f.hasContent || !f.hasEnvironment {
		return false
	}
	for i := range f.own {
		if !f.hasTuition {
			break
		}
		if f.own[i] != "" && fastAttributes[i].shape&(1<<means.shape) == 0 {
			return false
		}
	}
	if means.shape == shapeService {
		// A rollback that names a deployment states a link: rare.
		return f.artifact != "" && f.ticketURI == "" && !f.hasDescription && !f.hasService &&
			(means.predicate != PredicateRolledBack || f.own[fastDeployID] == "")
	}
	return (f.ticketURI != "") == (means.predicate == PredicateReported)
}

func (f *fastEvent) appendCanonical(b []byte) []byte {
	b = append(b, `{"context":{`...)
	if f.chainID != "" {
		b = appendText(b, `"chainId":"`, f.chainID, `",`)
	}
	b = appendText(b, `"id":"`, f.id, `",`)
	if f.schemaURI != "" {
		b = appendText(b, `"schemaUri":"`, f.schemaURI, `",`)
	}
	b = appendText(b, `"source":"`, f.source, `",`)
	b = appendText(b, `"specversion":"`, f.specversion, `",`)
	b = appendText(b, `"timestamp":"`, f.timestamp, `",`)
	b = appendText(b, `"type":"`, f.typ, `"},`)
	if f.hasCustom {
		b = append(b, `"customData":{`...)
		if f.hasTuition {
			b = append(b, `"tuition":{`...)
			start := len(b)
			for i, raw := range f.own {
				if raw != "" {
					b = appendMember(b, start, fastAttributes[i].name, raw)
				}
			}
			b = append(b, '}')
		}
		b = append(b, `},`...)
	}
	if f.hasCustomType {
		b = appendText(b, `"customDataContentType":"`, f.customType, `",`)
	}
	b = append(b, `"subject":{"content":{`...)
	if f.artifact != "" {
		b = appendText(b, `"artifactId":"`, f.artifact, `",`)
	}
	if f.hasDescription {
		b = appendText(b, `"description":"`, f.description, `",`)
	}
	b = appendReference(b, `"environment":{"id":"`, f.environmentID, f.environmentSource)
	if f.hasService {
		b = appendReference(append(b, ','), `"service":{"id":"`, f.serviceID, f.serviceSource)
	}
	if f.ticketURI != "" {
		b = appendText(b, `,"ticketURI":"`, f.ticketURI, `"`)
	}
	b = appendText(b, `},"id":"`, f.subjectID, `"`)
	if f.subjectSource != "" {
		b = appendText(b, `,"source":"`, f.subjectSource, `"`)
	}
	return append(b, `}}`...)
}

func appendText(b []byte, before, text, after string) []byte {
	return append(append(append(b, before...), text...), after...)
}

func appendReference(b []byte, before, id, source string) []byte {
	b = appendText(b, before, id, `"`)
	if source != "" {
		b = appendText(b, `,"source":"`, source, `"`)
	}
	return append(b, '}')
}

// appendMember appends a property; start is where the object's first one begins.
func appendMember(b []byte, start int, name, raw string) []byte {
	if len(b) > start {
		b = append(b, ',')
	}
	b = append(append(append(b, '"'), name...), `":`...)
	return append(b, raw...)
}

// unquote gives the text of a raw string without escapes.
func unquote(raw string) string { return raw[1 : len(raw)-1] }
