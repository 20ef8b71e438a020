package learning

// Sink takes a run while it is computed, since its estimates with their sentences take
// more memory than the rows they are made of. All are called by one goroutine.
type Sink interface {
	EvidenceSink
	// Begin is called before the others, with what identifies the run.
	Begin(Run)
	// Estimate is given each estimate once, whole, in no order.
	Estimate(Estimate)
	// WatchPoint is given each point of the watch once, in no order.
	WatchPoint(WatchPoint)
}

// Stream is Compute, but everything goes to the sink as it is found. The run that it
// gives has no estimates, and of the watch those points alone on which an alarm stands.
func Stream(in Input, settings Settings, sink Sink) Run {
	c := newComputation(in, settings, sink)
	sink.Begin(c.run)
	c.tell, c.point = sink.Estimate, func(p WatchPoint) {
		if p.alarming() {
			c.run.Watch = append(c.run.Watch, p)
		}
		sink.WatchPoint(p)
	}
	c.compute()
	sortWatch(c.run.Watch)
	return c.run
}

// hold keeps the estimates and the watch in the run.
func (c *computation) hold() {
	c.tell = func(e Estimate) { c.run.Estimates = append(c.run.Estimates, e) }
	c.point = func(p WatchPoint) { c.run.Watch = append(c.run.Watch, p) }
}
