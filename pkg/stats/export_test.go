package stats

// FitOldRates is FitRates where every mode is old. Then the rates of the modes
// seen have a distribution of their own, of which a mode's likelihood is that
// given that it was seen, without ghosts; the EM steps are the same.
func FitOldRates(modes []ModeHistory, grid []float64, steps int) RateMixture {
	k := len(grid)
	m := RateMixture{Grid: grid, Weights: make([]float64, k)}
	for j := range m.Weights {
		m.Weights[j] = 1 / float64(k)
	}
	l := newLikelihoods(modes, grid)
	counts := make([]float64, len(modes))
	for i := range counts {
		counts[i] = 1
		for j := range grid {
			l.row(i)[j] /= 1 - l.row(l.modes + l.length[i])[j]
		}
	}
	unseen := append([]float64(nil), l.row(l.modes)...)
	clear(l.table.Data[l.modes*l.table.Stride:])
	l.maximise(&m, counts, steps)
	for j := range m.Weights {
		m.Weights[j] /= 1 - unseen[j] // of the modes, seen or not, up to a factor
	}
	return m
}

// FewestUntil is the bound by which a simulated year leaves out looks.
func (p *EProcess) FewestUntil(growth float64) float64 { return p.fewestUntil(growth) }
