//go:build !linux

package embedded

import "errors"

// confinable says why the engine cannot be confined here.
func confinable() error { return errors.New("only Linux can confine the engine to its own files") }

func confine(string, string) error { return confinable() }
