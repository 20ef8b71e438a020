package catalog

import "regexp"

// Rule assigns a failure mode to incidents that do not state one. Everything
// that a rule states must hold for it to apply; the first rule that applies wins.
type Rule struct {
	FailureMode string
	Service     string            // for incidents of this service and for those of none, which are given it; "" for any
	Incidents   []string          // incident ids; none for any
	Labels      map[string]string // label → regular expression (RE2, unanchored)
	Because     string            // why: whoever wrote the rule, quoted
}

// ReadRules reads an ordered list of rules:
//
//	rules:
//	  - failureMode: certificate-expired
//	    service: login
//	    incidents: [INC-7, INC-31]
//	    labels: {symptom: "x509|certificate"}
//	    because: "INC-31: the same certificate as in March"
//
// A rule names incidents, labels or both. The error joins every Problem found.
func ReadRules(path string) ([]Rule, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	var rules []Rule
	for _, document := range f.documents {
		fields := f.mapping(document, "a file of rules")
		if fields == nil {
			continue
		}
		f.only(fields, "rules")
		for _, item := range f.sequence(fields["rules"].value, "rules") {
			m := f.mapping(item, "a rule")
			if m == nil {
				continue
			}
			f.only(m, "failureMode", "service", "incidents", "labels", "because")
			r := Rule{
				FailureMode: f.required(item, m, "failureMode", "a rule"),
				Service:     f.text(m["service"]),
				Because:     f.required(item, m, "because", "a rule"),
			}
			for _, id := range f.names(m["incidents"]) {
				r.Incidents = append(r.Incidents, id.name)
			}
			r.Labels = f.labels(m["labels"])
			if len(r.Incidents) == 0 && len(r.Labels) == 0 {
				f.fail(f.at(item), "this rule would give every incident the failure mode "+quote(r.FailureMode),
					"name `incidents`, `labels` or both")
			}
			rules = append(rules, r)
		}
	}
	return rules, f.err()
}

func (f *file) labels(d field) map[string]string {
	if d.value == nil {
		return nil
	}
	m := f.mapping(d.value, "`labels`")
	labels := make(map[string]string, len(m))
	for _, key := range sortedKeys(m) {
		pattern := f.text(m[key])
		if _, err := regexp.Compile(pattern); err != nil {
			f.fail(f.at(m[key].value), "the pattern of label "+quote(key)+" is not a regular expression: "+err.Error(),
				"write it in RE2's syntax, and in quotes")
			continue
		}
		labels[key] = pattern
	}
	return labels
}
