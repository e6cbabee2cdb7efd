package plugin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/wasm/abi"
)

// view is the store at one moment: a listing, and the instances that opened it. All of them
// got the same files, so they give the same answers.
type view struct {
	plugin  *Plugin
	options *ReaderOptions
	flags   uint32
	listing *listing
	users   atomic.Int64
	took    time.Duration

	mu      sync.Mutex
	members []*member
	making  int // instances being made
	closed  bool
	// freed is closed when an instance may be free; nil if nothing waits for that.
	freed chan struct{}
}

// member is an instance with the store open. instance.turn guards it.
type member struct {
	*instance
	handle  uint32 // of the store in the instance
	buffers []uint32
	read    error // the last read error of the current query
	// left are tasks whose query ended while another one had the instance. view.mu guards
	// them.
	left []*question
}

func newView(p *Plugin, l *listing, o *ReaderOptions) *view {
	v := &view{plugin: p, listing: l, options: o}
	for flag, on := range map[uint32]bool{
		abi.FlagStrict: o.Strict, abi.FlagShowHidden: o.ShowHidden,
		abi.FlagCheckFrames: o.CheckFrames, abi.FlagCheckIndex: o.CheckIndex,
	} {
		if on {
			v.flags |= flag
		}
	}
	v.users.Store(1)
	return v
}

func (v *view) retain() { v.users.Add(1) }

// release returns the instances to the plugin after the last user.
func (v *view) release() error {
	if v.users.Add(-1) > 0 {
		return nil
	}
	v.mu.Lock()
	members := v.members
	v.members, v.closed = nil, true
	v.mu.Unlock()
	for _, m := range members {
		m.turn.lock()
		v.empty(m)
		m.turn.unlock()
	}
	return v.listing.close()
}

// empty closes the store in an instance and returns the instance to the plugin.
func (v *view) empty(m *member) {
	if m.dead {
		return
	}
	ctx := context.Background()
	_, err := m.call(ctx, &m.closeStore, uint64(m.handle))
	for _, at := range m.buffers {
		if err == nil {
			_, err = m.call(ctx, &m.free, uint64(at))
		}
	}
	if err == nil {
		v.plugin.give(m.instance)
	}
}

// lock returns an idle member, or makes one, or waits for one if Options.Instances exist or
// are being made. The caller must unlock it.
func (v *view) lock(ctx context.Context) (*member, error) {
	for {
		v.mu.Lock()
		for _, m := range v.members {
			if m.turn.tryLock() {
				v.mu.Unlock()
				return m, nil
			}
		}
		if len(v.members)+v.making < v.plugin.options.Instances {
			v.making++
			v.mu.Unlock()
			m, err := v.enter(ctx)
			v.mu.Lock()
			v.making--
			if err == nil {
				v.members = append(v.members, m)
			}
			v.wake() // if it failed, another may try
			v.mu.Unlock()
			return m, err
		}
		if v.freed == nil {
			v.freed = make(chan struct{})
		}
		freed := v.freed
		v.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// wake wakes those that wait for an instance. mu must be held.
func (v *view) wake() {
	if v.freed != nil {
		close(v.freed)
		v.freed = nil
	}
}

// unlock releases a member. It ends the tasks left to it, and drops a member that trapped.
func (v *view) unlock(m *member) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(m.left) > 0 { // more may be left while these end
		left := m.left
		m.left = nil
		v.mu.Unlock()
		for _, t := range left {
			t.drop()
		}
		v.mu.Lock()
	}
	if m.dead {
		v.members = slices.DeleteFunc(v.members, func(other *member) bool { return other == m })
	}
	m.turn.unlock()
	v.wake()
}

// end drops an unfinished task of a member that the caller has not locked. If another query
// has it, that one drops the task.
func (v *view) end(m *member, t *question) {
	if !m.turn.tryLock() {
		v.mu.Lock()
		m.left = append(m.left, t)
		v.mu.Unlock()
		if !m.turn.tryLock() {
			return
		}
		t = nil
	}
	if t != nil {
		t.drop()
	}
	v.unlock(m)
}

// enter opens the store in another instance, and returns it locked.
func (v *view) enter(ctx context.Context) (*member, error) {
	m, err := v.declare(ctx)
	if err != nil {
		return nil, err
	}
	q := abi.Request{Op: abi.OpOpen, Flags: v.flags, From: rand.Uint64(), Limit: uint64(max(v.options.Cache, 0))}
	if err = v.ask(ctx, m, &q, func([]byte, uint32) error { return nil }); err != nil {
		v.empty(m)
		m.turn.unlock()
		return nil, err
	}
	return m, nil
}

// declare declares the files of the store to an instance, and returns it locked.
func (v *view) declare(ctx context.Context) (*member, error) {
	i, err := v.plugin.take(ctx)
	if err != nil {
		return nil, err
	}
	i.turn.lock()
	m := &member{instance: i}
	n, err := i.call(ctx, &i.store)
	if err == nil {
		err = code(n)
	}
	m.handle = uint32(n)
	for number, f := range v.listing.files {
		if err == nil {
			err = v.declareFile(ctx, m, f, number)
		}
	}
	if err != nil {
		v.empty(m)
		i.turn.unlock()
		return nil, err
	}
	return m, nil
}

func (v *view) declareFile(ctx context.Context, m *member, f *file, number int) error {
	if err := m.put(ctx, []byte(f.name)); err != nil {
		return err
	}
	var flags, data uint64
	if f.info.Type != fsabstraction.Regular {
		flags = abi.FileOdd
	} else if n := f.size(); n > 0 && (f.whole != nil || n <= v.options.Buffer && v.buffers(f)) {
		at, err := v.handOver(ctx, m, f)
		if err != nil {
			return err
		}
		data = uint64(at)
	}
	n, err := m.call(ctx, &m.file, uint64(m.handle), uint64(m.request), uint64(len(f.name)), uint64(f.size()), flags, data)
	switch {
	case err != nil:
		return err
	case code(n) != nil:
		return escape.Error(fmt.Errorf("%s: %w", f.name, code(n)))
	case int(n) != number:
		return m.lies("a file with another number")
	}
	return nil
}

// buffers reports whether a file is copied into the instances.
func (v *view) buffers(f *file) bool {
	_, isSegment := segment.ParseName(f.name)
	return !isSegment || !v.options.BufferIndexOnly
}

// handOver copies a whole file into an instance and returns its address, or 0 if the file
// must be read by windows after all.
func (v *view) handOver(ctx context.Context, m *member, f *file) (uint32, error) {
	if f.size() > abi.MaxAlloc {
		return 0, nil
	}
	at, err := m.allocate(ctx, uint32(f.size()))
	if err != nil {
		return 0, err
	}
	m.buffers = append(m.buffers, at)
	to, err := m.bytes(at, uint32(f.size()))
	if err != nil {
		return 0, err
	}
	if v.listing.read(f, to, 0) != nil {
		return 0, nil // the query that needs it gets the error
	}
	return at, nil
}

// openTries bounds the listings of one open: it lists again if a file was replaced or removed
// before it was read.
const openTries = 5

// openView opens a store as it is now, and tries again if files are replaced meanwhile.
func openView(ctx context.Context, p *Plugin, path string, o *ReaderOptions) (v *view, err error) {
	start := time.Now()
	for try := range openTries {
		if v, err = tryView(ctx, p, path, o, try == openTries-1); !errors.Is(err, source.ErrGone) {
			break
		}
	}
	if err != nil {
		return nil, escape.At("open "+path, err)
	}
	v.took = time.Since(start)
	return v, nil
}

// tryView is one attempt of openView.
func tryView(ctx context.Context, p *Plugin, path string, o *ReaderOptions, last bool) (*view, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l, err := list(o.FS, path)
	if err != nil {
		return nil, err
	}
	if !last {
		lacks, err := l.lacksSegment()
		if err == nil && lacks {
			err = source.ErrGone
		}
		if err != nil {
			return nil, err
		}
	}
	v := newView(p, l, o)
	m, err := v.lock(ctx)
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	v.unlock(m)
	if !last {
		if err := v.refusedTooSoon(ctx); err != nil {
			return nil, errors.Join(err, v.release())
		}
	}
	return v, nil
}

// refusedTooSoon returns [source.ErrGone] if the open refused files and the directory has
// changed since it was listed. A writer that closes replaces index.fbati and index.thaw one
// after the other; the core would notice, but in the sandbox its files do not change.
func (v *view) refusedTooSoon(ctx context.Context) error {
	pinned := &queries{acquire: func() (*view, func(), error) { return v, func() {}, nil }}
	report, err := pinned.AskReport(ctx)
	if err != nil || len(report.Rejected) == 0 {
		return nil // whoever asks for the report gets the error
	}
	again, err := list(v.listing.fs, v.listing.path)
	if err != nil {
		return err
	}
	defer again.close()
	if !v.listing.same(again) {
		return source.ErrGone
	}
	return nil
}
