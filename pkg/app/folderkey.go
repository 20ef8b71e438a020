package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// shortestKey is how many characters a key of redaction has at least.
const shortestKey = 16

// folderKey reads the folder's redaction key, or makes it once. With another key
// the same event would have another identity, so none is made where events are
// stored already.
func (s *Session) folderKey(ctx context.Context, path string) (Secret, error) {
	text, err := os.ReadFile(path)
	switch {
	case err == nil && len(text) >= shortestKey:
		return Secret(text), nil
	case err == nil:
		return "", usage(fmt.Errorf("%s is damaged: it has %d characters and needs %d or more; %s", path, len(text), shortestKey, mendKey))
	case !errors.Is(err, os.ErrNotExist):
		return "", usage(fmt.Errorf("the key that people are hashed with: %w; make the file readable for yourself", err))
	}
	st, err := s.openStore(ctx, s.settings.ClickHouse.Read)
	if err != nil {
		return "", err
	}
	stored, err := st.HasEvents(ctx)
	if err != nil {
		return "", err
	}
	if stored {
		return "", usage(fmt.Errorf("%s is missing, and events that were hashed with it are stored: with a new key the same person would be another one, and the same event would be stored twice; %s", path, mendKey))
	}
	return makeKey(path)
}

const mendKey = "put the file back from a copy, or give its key in TUITION_PRIVACY_KEY; if it is lost, start with a new folder and send the events again"

func makeKey(path string) (Secret, error) {
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	key := hex.EncodeToString(random[:])
	// Written beside and linked into place: of two processes one key wins for both.
	beside, err := os.CreateTemp(filepath.Dir(path), "privacy-*.key")
	if err != nil {
		return "", err
	}
	defer os.Remove(beside.Name())
	if _, err := beside.WriteString(key); err != nil {
		return "", errors.Join(err, beside.Close())
	}
	if err := errors.Join(beside.Sync(), beside.Close()); err != nil {
		return "", err
	}
	if err := os.Link(beside.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	text, err := os.ReadFile(path)
	return Secret(text), err
}
