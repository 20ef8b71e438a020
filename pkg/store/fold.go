package store

import (
	"fmt"
	"math/bits"
	"text/template"

	"github.com/tuition-hq/tuition/pkg/event"
)

// foldWords are the words with which the views fold one attribute of an entity's
// events. They suppose the events to be called e, with the columns
//
//	amends  whether the event is an amendment
//	told    ord, with its highest bit set for an amendment: amendments beat originals,
//	        among the same the later wins
var foldWords = template.FuncMap{
	// states: whether the event states the attribute.
	"states": states,
	// latest: the latest amendment that states the attribute, else the latest original that does.
	"latest": func(column string) (string, error) {
		condition, err := states(column)
		return fmt.Sprintf("argMaxIf(e.%s, e.told, %s)", column, condition), err
	},
	// corrected: the latest amendment that states the attribute, else what the originals fold to.
	"corrected": func(column, originals string) (string, error) {
		condition, err := states(column)
		return fmt.Sprintf("if(countIf(e.amends AND %[2]s) > 0, argMaxIf(e.%[1]s, e.told, e.amends AND %[2]s), %[3]s)",
			column, condition, originals), err
	},
	// moment: milliseconds as a time in UTC, NULL for 0.
	"moment": func(expression string) string {
		return fmt.Sprintf("fromUnixTimestamp64Milli(nullIf(%s, 0), 'UTC')", expression)
	},
	// tristate: yes, no or NULL.
	"tristate": func(expression string) string {
		return fmt.Sprintf("multiIf(%[1]s = 'yes', true, %[1]s = 'no', false, NULL)", expression)
	},
}

var statedColumns = map[string]event.Stated{
	"service": event.StatedService, "services": event.StatedServices, "environment": event.StatedEnvironment,
	"severity": event.StatedSeverity, "detection_source": event.StatedDetectionSource,
	"failure_mode": event.StatedFailureMode, "cause_category": event.StatedCauseCategory,
	"blast_radius": event.StatedBlastRadius, "contained": event.StatedContained,
	"contained_by": event.StatedContainedBy, "planned": event.StatedPlanned, "duplicate_of": event.StatedDuplicateOf,
	"started_at": event.StatedStartedAt, "detected_at": event.StatedDetectedAt,
	"acknowledged_at": event.StatedAcknowledgedAt, "mitigated_at": event.StatedMitigatedAt,
	"resolved_at": event.StatedResolvedAt, "version": event.StatedVersion, "commit_sha": event.StatedCommit,
	"artifact": event.StatedArtifact, "finished_at": event.StatedFinishedAt, "outcome": event.StatedOutcome,
	"rollout": event.StatedRollout, "automatic_rollback": event.StatedAutomaticRollback,
	"flag_key": event.StatedFlagKey, "flag_from": event.StatedFlagFrom, "flag_to": event.StatedFlagTo,
	"kill_switch": event.StatedKillSwitch, "links": event.StatedLinks, "attributes": event.StatedAttributes,
}

func states(column string) (string, error) {
	bit, known := statedColumns[column]
	if !known {
		return "", fmt.Errorf("events have no bit for %q", column)
	}
	return fmt.Sprintf("bitTest(e.stated, %d)", bits.TrailingZeros64(uint64(bit))), nil
}
