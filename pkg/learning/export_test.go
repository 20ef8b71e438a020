package learning

// Forget makes the next computation the first of its process.
func Forget() {
	fits.values, powers.values = nil, nil
}

// Untrimmed is Compute, but what is not worth a row is in it too.
func Untrimmed(in Input, settings Settings) Run {
	c := newComputation(in, settings, nil)
	c.untrimmed = true
	c.hold()
	c.compute()
	c.sort()
	return c.run
}
