// Package schemas holds the data files that other programs may read too: the
// JSON Schemas of events, the migrations of ClickHouse and the adapters of sources.
package schemas

import "embed"

// Event holds the JSON Schemas (2020-12) of every event type, under "event".
//
//go:embed event
var Event embed.FS
