package event

type fastEvent struct{}

func (d *Decoder) decodeFast(data []byte, into *Event) bool { return false }
