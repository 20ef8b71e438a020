package learning

// Forget makes the next computation the first of its process.
func Forget() {
	fits.values, powers.values, closed.values = nil, nil, nil
}

// Untrimmed is Compute, but what is not worth a row is in it too.
func Untrimmed(in Input, settings Settings) Run {
	c := newComputation(in, settings, nil)
	c.untrimmed = true
	Forget() // closes of what was trimmed
	c.hold()
	c.compute()
	c.sort()
	return c.run
}

// ChoiceOf is the choice that a field of Settings is told as, and what it governs.
func ChoiceOf(field string) (name string, governs func(metric string) bool) {
	for _, c := range choices {
		if c.field == field {
			return c.name, func(metric string) bool {
				m, _ := Lookup(metric)
				return c.governs(m)
			}
		}
	}
	return "", nil
}
