package simulate

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
)

// The tools that tell.
const (
	pipelineTool   = "/ci/pipelines"
	clusterTool    = "/argocd/production"
	monitoringTool = "/monitoring/prometheus"
	deskTool       = "/support/desk"
	incidentTool   = "/incidents/console"
	trackerTool    = "/tracker/improvements"
	flagTool       = "/flags/console"
)

// speaksCore reports whether a service's deployments are told in CDEvents' own types
// only, which have no deploy id: their identity is made of what they state.
func (s *service) speaksCore() bool { return s.team < 0 || s.tier == "3" && !s.twice }

// old is the subject type to state where a service's tools still speak CDEvents 0.4.1.
func (s *service) old(subject string) string {
	if s.team < 0 {
		return subject
	}
	return ""
}

func environment() map[string]any { return map[string]any{"id": production} }

func artifact(s *service, c *change) string {
	digest := sha256.Sum256([]byte(c.commit))
	return "pkg:oci/" + s.name + "@sha256:" + hex.EncodeToString(digest[:])
}

// eventID is the id of the event that tells of a change, so that others can link to it.
func (c *change) eventID() string { return "ended-" + c.id }

func (t *teller) tellChange(c *change) {
	s := &t.services[c.service]
	switch {
	case c.flag != "":
		t.tell(fact{at: c.finished, typ: own("flag.changed"), source: flagTool, subject: c.id, content: map[string]any{
			"flagKey": c.flag, "service": s.name, "environment": production, "from": false, "to": true,
		}})
		return
	case s.speaksCore():
		typ := "service.upgraded"
		if t.random.Float64() < 0.1 {
			typ = "service.deployed"
		}
		t.tell(fact{
			at: c.finished, typ: core(typ), source: clusterTool, id: c.eventID(), subject: s.name, old: s.old("service"),
			content: map[string]any{"environment": environment(), "artifactId": artifact(s, c)},
			custom:  map[string]any{"commit": c.commit, "version": c.version, "outcome": c.outcome, "startedAt": stamp(c.started)},
		})
	default:
		t.tellDeployment(s, c)
	}
	if c.rolledBack != 0 {
		custom := map[string]any{"automaticRollback": c.automatic}
		if !s.speaksCore() && t.random.Float64() < 0.5 {
			custom["deployId"] = c.id
		}
		t.tell(fact{
			at: c.rolledBack, typ: core("service.rolledback"), source: clusterTool, subject: s.name, old: s.old("service"),
			content: map[string]any{"environment": environment(), "artifactId": artifact(s, c)}, custom: custom,
		})
	}
	if t.random.Float64() < 0.03 { // feeds no metric, is kept all the same
		t.tell(fact{
			at: c.finished + minuteMillis, typ: core("pipelinerun.finished"), source: pipelineTool, subject: "run-" + c.commit[:10],
			content: map[string]any{"pipelineName": s.name, "uri": "https://ci.example.com/runs/" + c.commit[:10]},
		})
	}
}

func (t *teller) tellDeployment(s *service, c *change) {
	r := t.random
	content := map[string]any{
		"service": s.name, "environment": production, "version": c.version, "commit": c.commit,
		"artifactId": artifact(s, c), "startedAt": stamp(c.started), "outcome": c.outcome, "rollout": s.rollout(),
	}
	f := fact{at: c.finished, typ: own("deployment.finished"), source: pipelineTool, id: c.eventID(), subject: c.id, content: content}
	t.tell(f)
	if s.twice && c.outcome == "succeeded" {
		t.tell(fact{
			at: c.finished - 1 - int64(r.Float64()*minuteMillis), typ: core("service.deployed"), source: clusterTool,
			subject: s.aliases[1], content: map[string]any{"environment": environment(), "artifactId": artifact(s, c)},
		})
	}
	switch u := r.Float64(); {
	case u < 0.002: // the same identity with other content
		f.content = map[string]any{"title": "resent"}
		for k, v := range content {
			f.content[k] = v
		}
		t.tell(f)
	case u < 0.005: // the version was wrong
		t.tell(fact{
			at: c.finished + hourMillis, typ: own("deployment.amended"), source: pipelineTool, subject: c.id,
			content: map[string]any{"version": c.version + "-hotfix"},
		})
	case u < 0.008: // what was told never was
		ghost := newChange(r, c.service, c.finished+2*minuteMillis)
		t.tell(fact{at: ghost.finished, typ: f.typ, source: pipelineTool, subject: ghost.id, content: map[string]any{
			"service": s.name, "environment": production, "commit": ghost.commit, "outcome": "cancelled",
		}})
		t.tell(fact{
			at: ghost.finished + minuteMillis, typ: own("deployment.retracted"), source: pipelineTool, subject: ghost.id,
			content: map[string]any{"reason": "test"},
		})
	}
}

func (s *service) rollout() string {
	if s.canary {
		return "canary"
	}
	return "all-at-once"
}

func (t *teller) tellFailure(f *failure) {
	r := t.random
	s := &t.services[f.service]
	named := s.name
	if len(s.aliases) > 0 && r.Float64() < 0.3 {
		named = s.aliases[0]
	}
	content := map[string]any{"environment": environment(), "service": map[string]any{"id": named}, "description": "something is wrong with " + s.name}
	first := map[string]any{}
	if f.drill {
		first["planned"] = true
	}
	if f.severity != 0 && r.Float64() < 0.5 {
		first["severity"] = min(f.severity+r.IntN(2), 5) // a guess that triage corrects
	}
	if f.told == "monitoring" {
		first["detectionSource"] = "monitoring"
		t.tell(fact{at: f.detected, typ: core("incident.detected"), source: monitoringTool, subject: f.id, old: s.old("incident"), content: content, custom: first})
	} else {
		content["ticketURI"] = "https://desk.example.com/tickets/" + url.PathEscape(f.id)
		first["detectedAt"] = stamp(f.detected)
		t.tell(fact{at: f.detected, typ: core("incident.reported"), source: deskTool, subject: f.id, old: s.old("incident"), content: content, custom: first})
	}
	if f.retracted {
		t.tell(fact{
			at: f.detected + hourMillis, typ: own("incident.retracted"), source: incidentTool, subject: f.id,
			content: map[string]any{"reason": "false-alarm"},
		})
		return
	}
	t.tell(fact{at: f.acknowledged, typ: own("incident.acknowledged"), source: incidentTool, subject: f.id})
	t.tell(fact{at: f.mitigated, typ: own("incident.mitigated"), source: incidentTool, subject: f.id})
	over := map[string]any{"environment": environment()}
	if r.Float64() < 0.05 {
		between := (f.resolved - f.mitigated) / 3
		t.tell(fact{at: f.mitigated + between, typ: core("incident.resolved"), source: incidentTool, subject: f.id, content: over})
		t.tell(fact{at: f.mitigated + 2*between, typ: own("incident.reopened"), source: incidentTool, subject: f.id})
	}
	t.tell(fact{at: f.resolved, typ: core("incident.resolved"), source: incidentTool, subject: f.id, old: s.old("incident"), content: over})
	t.triage(s, f)
}

// triage tells what only became known afterwards.
func (t *teller) triage(s *service, f *failure) {
	r := t.random
	at := f.resolved + int64((0.5+20*r.Float64())*hourMillis)
	known := map[string]any{"detectionSource": f.told}
	if !f.noStart {
		known["startedAt"] = stamp(f.started)
	}
	if f.severity != 0 {
		known["severity"] = f.severity
	} else {
		known["severity"] = nil // declared unknown
	}
	if f.mode != nil {
		known["failureMode"] = f.mode.name
	}
	if f.contained {
		known["contained"], known["containedBy"] = true, "canary"
	}
	if f.duplicate != "" {
		known["duplicateOf"] = f.duplicate
	}
	told := fact{at: at, typ: own("incident.amended"), source: incidentTool, subject: f.id, content: known}
	if f.stated {
		known["causeCategory"] = "change"
		switch u := r.Float64(); {
		case u < 0.4 && !s.speaksCore():
			known["links"] = map[string]any{"changes": []string{f.cause.id}}
		case u < 0.8:
			known["links"] = map[string]any{"commits": []string{f.cause.commit}}
		default:
			told.links = []string{f.cause.eventID()}
		}
	}
	if f.mode != nil && r.Float64() < 0.05 { // first taken for another mode
		wrong := map[string]any{"failureMode": "unclear", "startedAt": nil}
		t.tell(fact{at: at - 10*minuteMillis, typ: told.typ, source: told.source, subject: f.id, content: wrong})
	}
	t.tell(told)
	if f.counts() && (f.severity == 1 || f.severity == 2) && r.Float64() < 0.8 {
		t.tell(fact{
			at: f.resolved + int64(lognormal{9, 0.5}.draw(r)*dayMillis), typ: own("postmortem.published"), source: trackerTool,
			subject: "PM-" + f.id, content: map[string]any{
				"incidents": []string{f.id}, "service": s.name, "revision": 1,
				"contributingFactors": []string{"a limit nobody had met before"}, "blamelessCheck": "passed",
			},
		})
	}
}

var improvementKinds = []string{
	"monitoring", "alerting", "test", "tooling", "automation", "architecture",
	"capacity", "process", "documentation", "onboarding",
}

// tellLearning tells of the improvements and monitoring gaps that begin in [from, to), to their end.
func (t *teller) tellLearning(from, to int64) {
	r := t.random
	for _, i := range t.improvements {
		if i.opened < from || i.opened >= to {
			continue
		}
		about := map[string]any{"failureMode": i.mode.name, "service": t.services[i.mode.service].name}
		t.tell(fact{at: i.opened, typ: own("improvement.opened"), source: trackerTool, subject: i.id, content: map[string]any{
			"failureMode": i.mode.name, "service": t.services[i.mode.service].name, "fromFailure": i.from,
			"kind": improvementKinds[r.IntN(len(improvementKinds))],
		}})
		if i.closed != 0 {
			t.tell(fact{at: i.closed, held: i.late, typ: own("improvement.closed"), source: trackerTool, subject: i.id, content: about})
		}
		if i.verified != 0 {
			t.tell(fact{
				at: i.verified, typ: own("improvement.verified"), source: trackerTool, subject: i.id,
				content: map[string]any{"evidence": map[string]any{"kind": "exercise"}},
			})
		}
		if i.abandoned != 0 {
			t.tell(fact{
				at: i.abandoned, typ: own("improvement.abandoned"), source: trackerTool, subject: i.id,
				content: map[string]any{"reason": "no time for it"},
			})
		}
	}
	for _, g := range t.gaps {
		if g.found < from || g.found >= to {
			continue
		}
		about := map[string]any{"failureMode": g.mode.name, "service": t.services[g.mode.service].name}
		t.tell(fact{at: g.found, typ: own("monitoringgap.found"), source: trackerTool, subject: g.id, content: about})
		if g.closed != 0 {
			t.tell(fact{at: g.closed, typ: own("monitoringgap.closed"), source: trackerTool, subject: g.id, content: about})
		}
	}
}

// tellPlatform tells of services taken out in [from, to), and ends the log with its last millisecond.
func (t *teller) tellPlatform(from, to int64) {
	for _, s := range t.services {
		if at := t.at(s.to); s.removed && at >= from && at < to {
			t.tell(fact{
				at: at, typ: core("service.removed"), source: clusterTool, subject: s.name,
				content: map[string]any{"environment": environment()},
			})
		}
	}
	if to == t.end {
		t.tell(fact{at: t.end - 1, typ: core("environment.modified"), source: clusterTool, subject: production})
	}
}
