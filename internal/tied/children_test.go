package tied

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
)

func TestChildren(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("this system has no /proc")
	}
	p, err := Start(exec.Command("sleep", "60"))
	if err != nil {
		t.Fatal(err)
	}
	found := func() bool {
		return slices.ContainsFunc(Children(), func(c Child) bool { return c.PID == strconv.Itoa(p.Pid) && c.Name == "sleep" && c.CPU >= 0 })
	}
	if !found() {
		t.Errorf("child %d is not among %v", p.Pid, Children())
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.Done
	if found() {
		t.Error("a child that ended is still there")
	}
}
