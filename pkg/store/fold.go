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
	// word, words, amount: the same for an attribute that has no column: a text, a list of
	// texts, a number that is not negative (-1 unknown).
	"word": func(key string) string {
		return attribute(fmt.Sprintf("JSONExtractString(e.attributes, '%s')", key), key)
	},
	"words": func(key string) string {
		return attribute(fmt.Sprintf("JSONExtract(e.attributes, '%s', 'Array(String)')", key), key)
	},
	"amount": func(key string) string {
		value := attribute(fmt.Sprintf("ifNull(JSONExtract(e.attributes, '%s', 'Nullable(Float64)'), -1)", key), key)
		return fmt.Sprintf("if(countIf(JSONHas(e.attributes, '%s')) = 0, -1, %s)", key, value)
	},
	// events: those of a kind, with the columns that the words above suppose.
	"events": func(kind string) string {
		return fmt.Sprintf("(SELECT e.*, e.first_received, e.predicate = 'amended' AS amends, "+
			"if(amends, bitOr(e.ord, bitShiftLeft(toUInt128(1), 127)), e.ord) AS told FROM event AS e WHERE e.kind = '%s') AS e", kind)
	},
	// exists: it was told of, and never retracted.
	"exists": func() string {
		return "countIf(e.predicate = 'retracted') = 0 AND countIf(e.predicate NOT IN ('amended', 'retracted')) > 0"
	},
	// aliases: the lists by which transform(name, known, names, name) gives the catalog's name.
	"aliases": func() string {
		return "(SELECT arraySort(groupArray((alias, service))) FROM service_alias) AS aliases, " +
			"arrayConcat([''], aliases.1) AS known, arrayConcat([''], aliases.2) AS names"
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

// attribute folds a part of the JSON object of attributes: the latest amendment
// that states the key, else the latest original that does.
func attribute(value, key string) string {
	return fmt.Sprintf("argMaxIf(%s, e.told, JSONHas(e.attributes, '%s'))", value, key)
}

func states(column string) (string, error) {
	bit, known := statedColumns[column]
	if !known {
		return "", fmt.Errorf("events have no bit for %q", column)
	}
	return fmt.Sprintf("bitTest(e.stated, %d)", bits.TrailingZeros64(uint64(bit))), nil
}
