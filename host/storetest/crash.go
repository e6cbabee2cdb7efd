package storetest

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// CrashEnv is the environment variable that selects one crash for [Crash]: OPERATION:OUTCOME,
// as a failure prints it.
const CrashEnv = "STORETEST_CRASH"

// Crash proves that a program survives a crash at any moment. It runs program on an empty
// file system in memory that stops before the first write, then on another that stops
// before the second, and so on until a run ends by itself. After each run it cuts the power
// in several ways, and calls check on each disk that may be left: the process died and the
// disk has everything; only what was synced; that and some of the rest; a part of the write
// that was stopped. The kinds of writes are those of [crashfs.Op].
//
// A program with n writes runs n+1 times: keep it short.
//
// program must use only this file system, close what it opened also after an error, and
// return when its goroutines have ended. The errors of a run that was stopped are not
// looked at. A run that was not stopped must succeed. What program was told to be on disk
// it keeps in a variable, which it sets anew in each run and check compares.
//
// check opens the store, preferably with a logger that discards, and returns an error for
// what must not be. It is called several times for one run, each time with another disk,
// which it may change.
//
// The first failure ends the test. Its message has the write at which the program was
// stopped, what was left, and the command to repeat this crash alone. Only a program that
// writes the same each time, without goroutines that write, stops at the same write again.
func Crash(t testing.TB, program, check func(fsys fsabstraction.FS) error) {
	t.Helper()
	first, only := 1, ""
	if chosen := os.Getenv(CrashEnv); chosen != "" {
		if n, err := fmt.Sscanf(chosen, "%d:%s", &first, &only); n != 2 || first < 1 {
			t.Fatalf("storetest: %s=%s is not OPERATION:OUTCOME: %v", CrashEnv, chosen, err)
		}
	}
	tried := only == ""
	for n := first; ; n++ {
		stop := runUntil(t, n, program)
		if only != "" && n > stop.writes+1 { // it names neither one of them nor the end
			break
		}
		for _, o := range stop.outcomes(n) {
			if only != "" && o.name != only {
				continue
			}
			tried = true
			if err := check(stop.disk.Crash(o.cut)); err != nil {
				t.Fatalf("storetest: %v\nstopped: %s\non disk: %s\nrepeat:  %s=%d:%s go test -run '^%s$'", err, stop, o.meaning, CrashEnv, n, o.name, t.Name())
			}
		}
		if stop.op == nil || only != "" {
			break
		}
	}
	if !tried {
		t.Fatalf("storetest: %s names a crash that this program does not have", CrashEnv)
	}
}

// stopped is a program's run up to a write.
type stopped struct {
	disk   *crashfs.FS
	op     *crashfs.Op // that was stopped, nil if the run ended by itself
	writes int         // how many there were
}

// runUntil runs a program and stops it at its n-th write.
func runUntil(t testing.TB, n int, program func(fsabstraction.FS) error) stopped {
	t.Helper()
	s := stopped{disk: crashfs.New()}
	s.disk.OnOp(func(op crashfs.Op) {
		s.writes = op.N
		if op.N == n {
			op.Data = bytes.Clone(op.Data)
			s.op = &op
			s.disk.StopAfter(n)
		}
	})
	returned := false
	defer func() {
		if !returned {
			t.Logf("storetest: the program does not return when it is stopped: %s", s)
		}
	}()
	err := program(s.disk)
	returned = true
	if s.op == nil && err != nil {
		t.Fatalf("storetest: the program fails without a crash: %v", err)
	}
	return s
}

// String describes the write at which the run was stopped.
func (s stopped) String() string {
	if s.op == nil {
		return "after the end of the program"
	}
	op := s.op
	text := fmt.Sprintf("before operation %d, %s %s", op.N, op.Kind, op.Name)
	switch op.Kind {
	case crashfs.WriteAt:
		text += fmt.Sprintf(", %d bytes at %d", len(op.Data), op.Offset)
	case crashfs.Truncate:
		text += fmt.Sprintf(" to %d bytes", op.Size)
	case crashfs.Rename:
		text += " to " + op.NewName
	}
	return text
}

// crashOutcome is one way in which a crash leaves the disk.
type crashOutcome struct {
	name, meaning string
	cut           crashfs.Cut
}

// outcomes returns what the n-th crash may leave.
func (s stopped) outcomes(n int) []crashOutcome {
	out := []crashOutcome{
		{"killed", "everything written, as when only the process dies", crashfs.Cut{Survive: 100}},
		{"synced", "only what was synced", crashfs.Cut{}},
	}
	for i, survive := range []int{50, 50, 80} {
		out = append(out, crashOutcome{
			fmt.Sprintf("some%d", i+1),
			fmt.Sprintf("what was synced, and each later change with a probability of %d %%", survive),
			crashfs.Cut{Seed: uint64(3*n + i), Survive: survive},
		})
	}
	if s.op == nil || s.op.Kind != crashfs.WriteAt {
		return out
	}
	for _, torn := range []struct {
		name, rest string
		survive    int
		filler     crashfs.Rest
	}{
		{"half", "the rest is missing", 100, crashfs.Absent},
		{"half-zeros", "the rest is zeros", 100, crashfs.Zeros},
		{"half-garbage", "the rest is random bytes, and of the earlier unsynced changes some are lost", 50, crashfs.Garbage},
	} {
		out = append(out, crashOutcome{
			torn.name, "half of this write; " + torn.rest,
			crashfs.Cut{Seed: uint64(n), Survive: torn.survive, Torn: &crashfs.Torn{Op: *s.op, Keep: len(s.op.Data) / 2, Rest: torn.filler}},
		})
	}
	return out
}
