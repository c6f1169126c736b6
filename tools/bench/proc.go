package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// This file reads Linux's /proc. On other systems it finds nothing, and the rows report that.

// memoryOf returns a process's memory in bytes: VmRSS is what it holds now, VmHWM the most that it
// has held. getrusage would report a parent's peak for a child that vfork started.
func memoryOf(pid int, field string) (bytes float64, ok bool) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, false
	}
	_, rest, _ := strings.Cut(string(status), "\n"+field+":")
	_, err = fmt.Sscanf(rest, "%f kB", &bytes)
	return bytes * 1024, err == nil
}

// process is what /proc reports of one process.
type process struct {
	pid, parent int
	cpu         time.Duration // with that of its children that have ended
}

func readStat(pid int) (process, bool) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return process{}, false
	}
	// The name, in parentheses, may contain anything.
	fields := strings.Fields(string(b)[strings.LastIndexByte(string(b), ')')+1:])
	if len(fields) < 15 {
		return process{}, false
	}
	p := process{pid: pid}
	p.parent, err = strconv.Atoi(fields[1])
	for _, f := range fields[11:15] { // utime, stime, and those of children
		n, _ := strconv.Atoi(f)
		const ticks = 100 // a second, as Linux has always reported to programs
		p.cpu += time.Duration(n) * time.Second / ticks
	}
	return p, err == nil
}

// family returns this process, first, and all that descend from it.
func family() []process {
	entries, _ := os.ReadDir("/proc")
	byParent := map[int][]process{}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := readStat(pid); ok {
				byParent[p.parent] = append(byParent[p.parent], p)
			}
		}
	}
	self, ok := readStat(os.Getpid())
	if !ok {
		return nil
	}
	all := []process{self}
	for i := 0; i < len(all); i++ {
		all = append(all, byParent[all[i].pid]...)
	}
	return all
}

// usage is what this process and all that it started use.
type usage struct {
	cpu         time.Duration
	own, others float64 // resident memory in bytes
	processes   int
}

func measureUsage() (u usage, ok bool) {
	for i, p := range family() {
		u.cpu += p.cpu
		u.processes++
		rss, _ := memoryOf(p.pid, "VmRSS") // a process that has just ended holds nothing
		if i == 0 {
			u.own = rss
		} else {
			u.others += rss
		}
	}
	return u, u.processes > 0
}
