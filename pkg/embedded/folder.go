package embedded

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// folder is the place where the embedded services keep all they have. Its files:
//
//	lock          held (flock) by the owner and by its engine; free when both are gone
//	secrets.json  the users' passwords and the broker's identity, made at the first start
//	running.json  who runs here and on which ports; kept after the end so that the ports stay the same
//	clickhouse/   the engine's data, configuration and log
//	kafka/        the broker's log
type folder struct {
	dir  string
	lock *os.File
}

// secrets are random and last as long as the folder.
type secrets struct {
	ClusterID           string
	Admin, Ingest, Read User
}

// running is what one process tells others that want to join.
type running struct {
	PID       int
	KafkaPort int
	TCPPort   int
	HTTPPort  int
}

// InUseError says that another process holds the folder and cannot be joined.
type InUseError struct {
	Dir   string
	PID   int // 0 if unknown
	Cause error
}

func (e *InUseError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("folder %s is in use by %s, which cannot be joined (%v): stop it or name another folder", e.Dir, holder, e.Cause)
}

func (e *InUseError) Unwrap() error { return e.Cause }

// FolderError says that a folder cannot hold the services, and how to mend it.
type FolderError struct{ Cause error }

func (e *FolderError) Error() string { return e.Cause.Error() }

func (e *FolderError) Unwrap() error { return e.Cause }

func unusable(dir string, cause error) error {
	return &FolderError{fmt.Errorf("embedded folder %s: %w; name a folder that is yours to write, or one that does not exist yet", dir, cause)}
}

// openFolder makes the folder if it is missing and gives it to its owner alone.
func openFolder(dir string) (*folder, error) {
	if dir == "" {
		return nil, errors.New("embedded services need a folder: name one")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(dir, err)
	}
	// A folder that holds something else is not ours to close to others.
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, unusable(dir, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "lock")); err != nil && len(entries) > 0 {
		return nil, &FolderError{fmt.Errorf("folder %s holds something else than tuition's services: name an empty or a new one", dir)}
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, unusable(dir, err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unusable(dir, err)
	}
	return &folder{dir: dir, lock: lock}, nil
}

// tryLock reports whether this process now owns the folder.
func (f *folder) tryLock() (bool, error) {
	err := unix.Flock(int(f.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", f.lock.Name(), err)
	}
	return true, nil
}

func (f *folder) close() error { return f.lock.Close() }

// lockOrJoin waits until the folder is ours or the services that hold it answer.
func (f *folder) lockOrJoin(ctx context.Context, patience time.Duration) (owned bool, s *Services, err error) {
	deadline := time.Now().Add(patience)
	for {
		owned, err := f.tryLock()
		if err != nil || owned {
			return owned, nil, err
		}
		services, err := f.join(ctx)
		if err == nil {
			return false, services, nil
		}
		if !time.Now().Before(deadline) {
			var run running
			_ = f.read("running.json", &run)
			return false, nil, &InUseError{Dir: f.dir, PID: run.PID, Cause: err}
		}
		select {
		case <-ctx.Done():
			deadline = time.Now()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// join reads how to reach the services that run on the folder and proves that they are these.
func (f *folder) join(ctx context.Context) (*Services, error) {
	var run running
	var own secrets
	if err := f.read("running.json", &run); err != nil {
		return nil, err
	}
	if err := f.read("secrets.json", &own); err != nil {
		return nil, err
	}
	s := newServices(f.dir, run, own)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := s.verify(ctx, own); err != nil {
		return nil, err
	}
	s.Joined = true
	return s, nil
}

// loadSecrets reads the folder's secrets, or makes them.
func (f *folder) loadSecrets() (secrets, error) {
	var own secrets
	err := f.read("secrets.json", &own)
	if err == nil && (own.ClusterID == "" || own.Admin.Password == "" || own.Ingest.Password == "" || own.Read.Password == "") {
		err = damaged(filepath.Join(f.dir, "secrets.json"), errors.New("a password is missing"))
	}
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return own, err
	}
	own = secrets{
		ClusterID: rand.Text(),
		Admin:     User{Name: "admin", Password: rand.Text()},
		Ingest:    User{Name: "ingest", Password: rand.Text()},
		Read:      User{Name: "read", Password: rand.Text()},
	}
	return own, f.write("secrets.json", own)
}

func (f *folder) read(name string, into any) error {
	path := filepath.Join(f.dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return damaged(path, err)
	}
	return nil
}

// damaged is of a file that is made anew without loss: passwords and ports are
// this folder's own, and no event depends on them.
func damaged(path string, cause error) error {
	return &FolderError{fmt.Errorf("%s is damaged (%w): stop what uses the folder and remove this file; it is made anew at the next start, and nothing that is stored is lost", path, cause)}
}

// write replaces a file whole, readable by its owner only.
func (f *folder) write(name string, from any) error {
	data, err := json.MarshalIndent(from, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(f.dir, name)
	temporary := path + ".new"
	if err := os.WriteFile(temporary, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
