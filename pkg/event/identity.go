package event

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/cespare/xxhash/v2"
)

// ordLow tells apart events of the same moment: xxHash64 of
// source, id, type and the canonical JSON, each but the last ended by a zero byte.
func ordLow(h *xxhash.Digest, e *Event) uint64 {
	var zero [1]byte
	h.Reset()
	h.WriteString(e.Source)
	h.Write(zero[:])
	h.WriteString(e.ID)
	h.Write(zero[:])
	h.WriteString(e.Type)
	h.Write(zero[:])
	h.WriteString(e.Canonical)
	return h.Sum64()
}

// appendChangeID appends the identity of a change that states none: the first 16
// bytes, in hex, of SHA-256 over source, service, environment, artifact and
// occurred_at (milliseconds, decimal), each ended by a zero byte. A rollback is a
// change of its own, so its identity is marked.
func appendChangeID(dst []byte, e *Event) []byte {
	start := len(dst)
	for _, part := range [...]string{e.Source, e.Service, e.Environment, e.Artifact} {
		dst = append(append(dst, part...), 0)
	}
	dst = append(strconv.AppendInt(dst, int64(e.OccurredAt), 10), 0)
	if e.Predicate == PredicateRolledBack {
		dst = append(dst, "rolledback\x00"...)
	}
	sum := sha256.Sum256(dst[start:])
	return hex.AppendEncode(dst[:start], sum[:16])
}
