package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/host"
)

// role is what a process does.
type role struct {
	name string
	run  func(context.Context) error
	// count is how many processes do it.
	count int
	// hear takes a line that the process says.
	hear func(s *supervisor, p *process, line string) error
}

var roles = []role{
	{"writer", write, 1, func(s *supervisor, _ *process, line string) (err error) {
		var first, unit, replaced, segments, dropped uint64
		if n, _ := fmt.Sscanf(line, "compacted %d %d %d", &replaced, &segments, &dropped); n == 3 {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.compactions++
			s.dropped += dropped
			return nil
		}
		if _, err = fmt.Sscanf(line, "ack %d %d", &first, &unit); err == nil {
			err = s.oracle.ack(first, unit)
		}
		return err
	}},
	{"reader", read, 3, nil},
	{"follower", follow, 1, func(s *supervisor, _ *process, line string) (err error) {
		var sequence, packed uint64
		if strings.HasPrefix(line, "from ") {
			return nil
		}
		if _, err = fmt.Sscanf(line, "saw %d %d", &sequence, &packed); err == nil {
			err = s.oracle.follow(sequence, packed)
		}
		return err
	}},
	{"projection", fold, 1, nil},
	{"backup", backUp, 1, hearBackup},
}

// process is one that the supervisor keeps running.
type process struct {
	role  *role
	name  string
	own   string
	turns int

	// What was acknowledged before the last backup that was done, and before the one that goes
	// on. Only the goroutine that hears the process uses them.
	backedUp, backing []uint64
	in                io.Writer // what the process reads

	mu     sync.Mutex
	cmd    *exec.Cmd
	killed bool // by the supervisor
}

// supervisor starts, kills and disturbs.
type supervisor struct {
	dir    string
	rate   int
	keep   int // events that retention leaves alone, 0 for no retention
	oracle oracle
	start  time.Time

	mu         sync.Mutex
	violations []string
	failed     chan struct{} // closed at the first violation
	samples    map[string][]sample
	growth     [2]series
	kills      []float64
	killed     map[string]int
	disturbed  int
	compared   int

	compactions int
	dropped     uint64
	backups     int
	processes   []*process
}

func (s *supervisor) seconds() float64 { return time.Since(s.start).Seconds() }

// violate notes a violation, which ends the run.
func (s *supervisor) violate(who string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.violations) == 0 {
		close(s.failed)
	}
	s.violations = append(s.violations, fmt.Sprintf("%6.1f s, %s: %v", s.seconds(), who, err))
}

// run runs everything until ctx ends or something is violated.
func (s *supervisor) run(ctx context.Context, base string, r *rand.Rand) error {
	s.dir = filepath.Join(base, "store")
	s.start, s.failed, s.samples, s.killed = time.Now(), make(chan struct{}), map[string][]sample{}, map[string]int{}
	s.growth = [2]series{{name: "acknowledged"}, {name: "followed"}}
	if err := createStore(ctx, s.dir); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for i := range roles {
		for n := range roles[i].count {
			p := &process{role: &roles[i], name: fmt.Sprint(roles[i].name, " ", n+1)}
			p.own = filepath.Join(base, strings.ReplaceAll(p.name, " ", "-"))
			if err := os.MkdirAll(p.own, 0o700); err != nil {
				return err
			}
			s.processes = append(s.processes, p)
			wg.Go(func() { s.revive(ctx, p) })
		}
	}
	wg.Go(func() { s.sample(ctx) })
	wg.Go(func() { s.compare(ctx) })
	s.disturb(ctx, r)
	cancel()
	for _, p := range s.processes {
		p.kill()
	}
	wg.Wait()
	s.end(base)
	return nil
}

// createStore makes the store that the readers open.
func createStore(ctx context.Context, dir string) error {
	st, err := host.Open(ctx, dir, host.Options{Logger: quiet})
	if err != nil {
		return err
	}
	return st.Close()
}

// revive starts a process again and again.
func (s *supervisor) revive(ctx context.Context, p *process) {
	for ctx.Err() == nil {
		if err := s.once(p); err != nil && ctx.Err() == nil {
			s.violate(p.name, err)
			return
		}
	}
}

// once runs a process until it is killed. Anything else is an error.
func (s *supervisor) once(p *process) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleEnv+"="+p.role.name, dirEnv+"="+s.dir, ownEnv+"="+p.own,
		fmt.Sprintf("%s=%d", turnEnv, p.turns), fmt.Sprintf("%s=%d", rateEnv, s.rate), fmt.Sprintf("%s=%d", keepEnv, s.keep))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if p.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	p.mu.Lock()
	p.turns++
	p.cmd, p.killed = cmd, false
	err = cmd.Start()
	p.mu.Unlock()
	if err != nil {
		return err
	}
	heard := s.hear(p, out)
	if heard != nil {
		p.kill()
	}
	_, _ = io.Copy(io.Discard, out)
	err = cmd.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed && heard == nil && stderr.Len() == 0 {
		return nil
	}
	if text := strings.TrimSpace(stderr.String()); text != "" {
		err = errors.New(text[:min(len(text), 2000)])
	}
	return errors.Join(heard, err)
}

// hear takes the lines of a process. One that a kill cut off does not count.
func (s *supervisor) hear(p *process, out io.Reader) error {
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil
		}
		if p.role.hear != nil {
			if err := p.role.hear(s, p, strings.TrimSpace(line)); err != nil {
				return err
			}
		}
	}
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
	}
}

// disturb kills processes and damages index files until ctx ends.
func (s *supervisor) disturb(ctx context.Context, r *rand.Rand) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.failed:
			return
		case <-time.After(time.Duration(200+r.IntN(1500)) * time.Millisecond):
		}
		if r.IntN(2) == 0 {
			p := s.processes[r.IntN(len(s.processes))]
			p.kill()
			s.mu.Lock()
			s.killed[p.role.name]++
			s.kills = append(s.kills, s.seconds())
			s.mu.Unlock()
			continue
		}
		if err := s.damage(r); err != nil {
			s.violate("the disturbance itself", err)
		}
	}
}

// damage removes one file of the index, or cuts it off where it is.
func (s *supervisor) damage(r *rand.Rand) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var derived []string
	for _, e := range entries {
		name := e.Name()
		if _, _, part := index.ParsePartName(name); part || name == artifact.FileName || name == index.FileName {
			derived = append(derived, filepath.Join(s.dir, name))
		}
	}
	if len(derived) == 0 {
		return nil
	}
	path := derived[r.IntN(len(derived))]
	if r.IntN(3) == 0 {
		err = os.Remove(path)
	} else if info, e := os.Stat(path); e != nil {
		err = e
	} else if info.Size() > 0 {
		err = os.Truncate(path, r.Int64N(info.Size()))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // else the writer was faster
		return err
	}
	s.mu.Lock()
	s.disturbed++
	s.mu.Unlock()
	return nil
}

// sample looks at every process once a second.
func (s *supervisor) sample(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		acked, followed := s.oracle.numbers()
		s.mu.Lock()
		now := s.seconds()
		s.growth[0].points = append(s.growth[0].points, [2]float64{now, float64(acked)})
		s.growth[1].points = append(s.growth[1].points, [2]float64{now, float64(followed)})
		for _, p := range s.processes {
			p.mu.Lock()
			pid := 0
			if p.cmd != nil && p.cmd.Process != nil {
				pid = p.cmd.Process.Pid
			}
			p.mu.Unlock()
			if at, ok := sampled(pid); ok && pid > 0 {
				at.second = now
				s.samples[p.name] = append(s.samples[p.name], at)
			}
		}
		s.mu.Unlock()
	}
}

// compare compares the store with the acknowledgements every few seconds.
func (s *supervisor) compare(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Second):
		}
		if err := s.oracle.compare(context.WithoutCancel(ctx), s.dir); err != nil {
			s.violate("the comparison with what was acknowledged", err)
			return
		}
		s.mu.Lock()
		s.compared++
		s.mu.Unlock()
	}
}

// end looks at what is left when every process is dead: as it is, after a writer has opened
// and closed it, and without any file of the index.
func (s *supervisor) end(base string) {
	ctx := context.Background()
	check := func(what string) {
		if err := s.oracle.compare(ctx, s.dir); err != nil {
			s.violate(what, err)
		}
	}
	check("at the end")
	if err := createStore(ctx, s.dir); err != nil {
		s.violate("the last open", err)
	}
	check("after the last close")
	bare := filepath.Join(base, "bare")
	if err := os.CopyFS(bare, os.DirFS(s.dir)); err != nil {
		s.violate("the copy", err)
	}
	names, _ := os.ReadDir(bare)
	for _, e := range names {
		if _, _, part := index.ParsePartName(e.Name()); part || e.Name() == artifact.FileName || e.Name() == index.FileName {
			_ = os.Remove(filepath.Join(bare, e.Name()))
		}
	}
	if err := s.oracle.compare(ctx, bare); err != nil {
		s.violate("without an index", err)
	}
	findings, err := host.Verify(ctx, s.dir, host.ReaderOptions{Logger: quiet}, nil)
	for _, d := range findings.Damages {
		if _, _, part := index.ParsePartName(d.File); part || d.File == artifact.FileName || d.File == index.FileName {
			continue // cut off by the disturbance, and not needed
		}
		err = errors.Join(err, d)
	}
	if err != nil {
		s.violate("verify", err)
	}
	for _, p := range s.processes {
		if err := flat(s.samples[p.name]); err != nil {
			s.violate(p.name, err)
		}
	}
}
