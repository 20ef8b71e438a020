package embedded

import "os"

// terminal is one that nobody types on and nobody reads. The engine has it as its standard input: without a terminal
// ClickHouse's command line takes every exception of a connection (a wrong password, a malformed packet, a reset
// socket) for a fault of its own and aborts, which is right for a script and wrong for what others connect to
// (ClickHouse issue 115666, mended in 26.8 and later).
type terminal struct {
	ours   *os.File // the terminal lasts as long as this end is open
	engine *os.File
}

func (t *terminal) close() {
	if t != nil {
		t.ours.Close()
		t.engine.Close()
	}
}
