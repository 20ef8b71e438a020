package schemas

import "embed"

// Adapters holds the adapters of sources, under "adapters": NAME.jq is the
// program, NAME.yaml declares what it reads. Their examples, which are their
// tests, are not part of the binary.
//
//go:embed adapters/*.jq adapters/*.yaml
var Adapters embed.FS
