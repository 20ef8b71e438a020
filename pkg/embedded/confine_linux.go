package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel's Landlock keeps the engine's process to its own files: ClickHouse as a library lets every user, whatever
// its grants, read any file that the process can, by SELECT file('…').

// landlockNeeds is the first version that allows renames between folders, which ClickHouse lives by (Linux 5.19).
const landlockNeeds = 2

func landlockVersion() int {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(version)
}

// confinable says why the engine cannot be confined here, or nil.
func confinable() error {
	if version := landlockVersion(); version < landlockNeeds {
		return fmt.Errorf("the kernel offers Landlock version %d, %d (Linux 5.19) is needed", version, landlockNeeds)
	}
	return nil
}

const (
	landlockRead = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_EXECUTE
	// landlockFile are the rights that a single file can have.
	landlockFile = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	landlockAll  = landlockRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR |
		unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO |
		unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER
)

// confine restricts the calling thread, and what it executes from now on, to data (everything), to the engine library
// and the system's own (reading), and to a few harmless files. It leaves the goroutine on its thread.
func confine(data, library string) error {
	if err := confinable(); err != nil {
		return err
	}
	handled := uint64(landlockAll)
	if landlockVersion() >= 3 {
		handled |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	attributes := unix.LandlockRulesetAttr{Handled_access_fs: handled}
	// The length is that of the first version's structure: nothing else of it is used.
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attributes)), unsafe.Sizeof(attributes.Handled_access_fs), 0)
	if errno != 0 {
		return fmt.Errorf("landlock: %w", errno)
	}
	defer unix.Close(int(ruleset))

	self, err := os.Executable()
	if err != nil {
		return err
	}
	readable := append([]string{
		self, filepath.Dir(library),
		"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store",
		"/etc/ld.so.cache", "/etc/localtime", "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
		"/usr/share/zoneinfo", "/sys",
		// Not all of /proc: root reads the environment of other processes there.
		"/proc/self", "/proc/sys", "/proc/pressure", "/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/loadavg",
		"/proc/uptime", "/proc/diskstats", "/proc/filesystems", "/proc/version",
	}, filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))...)
	rules := map[string]uint64{data: handled, "/dev/null": landlockFile, "/dev/urandom": landlockFile, "/dev/random": landlockFile}
	for _, path := range readable {
		rules[path] |= landlockRead
	}
	for path, access := range rules {
		if path == "" || strings.HasPrefix(data, path+"/") {
			continue // a library kept above the data must not open the way to its neighbours
		}
		if err := allow(int(ruleset), path, access&handled); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("landlock %s: %w", path, err)
		}
	}

	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0); errno != 0 {
		return fmt.Errorf("landlock: %w", errno)
	}
	return nil
}

func allow(ruleset int, path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= landlockFile
	}
	// The kernel's structure is packed: 8 bytes of rights, then the descriptor.
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
