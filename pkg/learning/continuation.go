package learning

import "time"

// Continuations are the incidents that were merged into an earlier failure of
// their mode and service, by id: they are no failures of their own.
func Continuations(in Input, mergeWindow time.Duration) map[string]bool {
	out := map[string]bool{}
	for _, s := range newOrganisation(&in, mergeWindow.Milliseconds()).services {
		for _, f := range s.failures {
			for _, i := range f.merged {
				out[i.ID] = true
			}
		}
	}
	return out
}
