package learning

import (
	"cmp"
	"sync"
)

// mostRemembered bounds what is remembered of each kind: some of it is never asked for again.
const mostRemembered = 4096

// remembered keeps the values of a pure function that takes long, from one
// computation of the process to the next. The key is all that the value depends on,
// so that what is remembered cannot be wrong: where anything came late or was
// corrected, the key is another.
type remembered[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]V
	most   int // 0: mostRemembered
}

// of is the value of a key; it is computed if it is not known.
func (r *remembered[K, V]) of(key K, compute func() V) V {
	r.mu.Lock()
	value, known := r.values[key]
	r.mu.Unlock()
	if known {
		return value
	}
	value = compute()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil || len(r.values) >= cmp.Or(r.most, mostRemembered) {
		r.values = map[K]V{}
	}
	r.values[key] = value
	return value
}
