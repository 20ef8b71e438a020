package learning

// Forget makes the next computation the first of its process.
func Forget() {
	fits.values, powers.values, closed.values = nil, nil, nil
}
