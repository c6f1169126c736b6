package bench

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What follows reads Linux's /proc. On other systems it gives nothing, and the rows say so.

// peakMemory returns the most memory that a running process has held, in bytes. It is not asked of
// getrusage: a child that is started by vfork inherits its parent's peak there.
func peakMemory(pid int) (bytes float64, ok bool) { return statusField(pid, "VmHWM:") }

// residentMemory returns the memory that a process holds now, in bytes.
func residentMemory(pid int) (bytes float64, ok bool) { return statusField(pid, "VmRSS:") }

func statusField(pid int, field string) (bytes float64, ok bool) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(b)) {
		rest, found := strings.CutPrefix(line, field)
		if !found {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) != 2 || fields[1] != "kB" {
			return 0, false
		}
		kb, err := strconv.ParseFloat(fields[0], 64)
		return kb * 1024, err == nil
	}
	return 0, false
}

// ticks is the unit of /proc/<pid>/stat, which Linux has kept at 100 a second for programs.
const ticks = 100

// process is what /proc tells of one process.
type process struct {
	pid, parent int
	name        string        // of its program, at most 15 characters
	cpu         time.Duration // with that of its children that have ended
	alone       time.Duration // without it
}

// family returns this process and all that descend from it.
func family() []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	byParent := map[int][]process{}
	var all []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, ok := readStat(pid)
		if !ok {
			continue
		}
		if pid == os.Getpid() {
			all = append(all, p)
		}
		byParent[p.parent] = append(byParent[p.parent], p)
	}
	for i := 0; i < len(all); i++ {
		all = append(all, byParent[all[i].pid]...)
	}
	return all
}

func readStat(pid int) (process, bool) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return process{}, false
	}
	// The name, in parentheses, may hold anything.
	i := strings.LastIndexByte(string(b), ')')
	if i < 0 {
		return process{}, false
	}
	fields := strings.Fields(string(b)[i+1:])
	if len(fields) < 15 {
		return process{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	p := process{pid: pid, parent: parent}
	_, p.name, _ = strings.Cut(string(b[:i]), "(")
	for i, f := range fields[11:15] { // utime, stime, and those of children
		n, e := strconv.Atoi(f)
		if e != nil {
			err = e
		}
		took := time.Duration(n) * time.Second / ticks
		p.cpu += took
		if i < 2 {
			p.alone += took
		}
	}
	return p, err == nil
}

// usage is what this process and all that it started use.
type usage struct {
	cpu         time.Duration
	ownCPU      time.Duration // of this process
	engineCPU   time.Duration // of Node's, which are table engines
	own, others float64       // resident memory in bytes
	processes   int
}

func measureUsage() (usage, bool) {
	all := family()
	u := usage{processes: len(all)}
	for _, p := range all {
		u.cpu += p.cpu
		rss, _ := residentMemory(p.pid) // one that has just ended holds nothing
		switch {
		case p.pid == os.Getpid():
			u.own, u.ownCPU = rss, p.alone
			continue
		case p.name == "node":
			u.engineCPU += p.cpu
		}
		u.others += rss
	}
	return u, len(all) > 0
}
