package schemas

import "embed"

// ClickHouse holds, under "clickhouse", the numbered migrations, the views that
// are applied anew on each migration, the queries of pkg/store, and the grants.
// They are templates: pkg/store documents the few words that they may use.
//
//go:embed clickhouse
var ClickHouse embed.FS
