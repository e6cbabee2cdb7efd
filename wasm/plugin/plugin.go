package plugin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/thawlog/thaw/wasm/abi"
)

const (
	pageSize      = 64 << 10
	defaultMemory = 1 << 30
	// keepMemory is the maximum memory of an instance kept for the next reader, since
	// memory never shrinks.
	keepMemory = 128 << 20
	// goMemoryRest is what the runtime may not count on: the module's data, the stacks and
	// the growth of the memory by whole arenas of 4 MiB.
	goMemoryRest = 6 << 20
)

// Options are the options of [Load]. The zero value is safe.
type Options struct {
	// CacheDir is the directory for compiled code, by default thaw/wazero in the user's
	// cache directory. It is trusted: a program that can write there decides which code
	// runs. Load fails if the directory cannot be created, for example without $HOME; set
	// NoCache then.
	CacheDir string
	// NoCache compiles the module on every Load, which takes about a second.
	NoCache bool
	// Memory bounds the bytes of one instance, by default 1 GiB. A query that needs more
	// fails with a [TrapError] that is [ErrMemory].
	Memory uint64
	// Instances bounds the instances of one reader, by default GOMAXPROCS.
	Instances int
	// Interrupt lets a context end a query at any moment, not only between two steps. A
	// step takes a few milliseconds at most, unless a query reads millions of events and
	// returns none. With Interrupt every query takes 2.5 times as long, and an interrupted
	// instance is lost.
	Interrupt bool
}

// Plugin is compiled code. All methods are safe for concurrent use.
type Plugin struct {
	options  Options
	runtime  wazero.Runtime
	cache    wazero.CompilationCache
	compiled wazero.CompiledModule
	idle     chan *instance
	// refused is the reason cached code was not used.
	refused error
}

// CacheError returns the error that made cached code unusable, or nil.
func (p *Plugin) CacheError() error { return p.refused }

// LoadFile is [Load] of a file.
func LoadFile(ctx context.Context, path string, o Options) (*Plugin, error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("thaw: plugin: %w", err)
	}
	return Load(ctx, wasm, o)
}

// Load compiles a plugin, or loads it from the cache. If the cached code is truncated or
// damaged, Load compiles without the cache, and [Plugin.CacheError] returns the reason. The
// caller must Close the plugin.
func Load(ctx context.Context, wasm []byte, o Options) (*Plugin, error) {
	p, err := load(ctx, wasm, o)
	if errors.Is(err, errCompile) && !o.NoCache && ctx.Err() == nil {
		o.NoCache = true
		refused := err
		if p, err = load(ctx, wasm, o); err == nil {
			p.refused = refused
		}
	}
	return p, err
}

// errCompile marks a failure to get code, compiled or cached.
var errCompile = errors.New("no code")

func load(ctx context.Context, wasm []byte, o Options) (p *Plugin, err error) {
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.Instances <= 0 {
		o.Instances = runtime.GOMAXPROCS(0)
	}
	p = &Plugin{options: o, idle: make(chan *instance, o.Instances)}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("thaw: plugin: %w", err), p.Close())
			p = nil
		}
	}()
	config := wazero.NewRuntimeConfig().
		WithMemoryLimitPages(uint32(p.limit() / pageSize)).
		WithCloseOnContextDone(o.Interrupt)
	if !o.NoCache {
		if p.cache, err = openCache(o.CacheDir); err != nil {
			return p, err
		}
		config = config.WithCompilationCache(p.cache)
	}
	p.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, p.runtime); err != nil {
		return p, err
	}
	p.compiled, err = p.runtime.CompileModule(experimental.WithCompilationWorkers(ctx, 2), wasm)
	if err != nil {
		return p, fmt.Errorf("%w: %w", errCompile, err)
	}
	for name := range exports {
		if p.compiled.ExportedFunctions()[name] == nil {
			return p, fmt.Errorf("the module has no %s: it is not thaw.wasm", name)
		}
	}
	return p, nil
}

// limit returns the maximum memory of an instance in bytes.
func (p *Plugin) limit() uint64 { return min(p.options.Memory/pageSize, 1<<16) * pageSize }

// goMemory returns the value of GOMEMLIMIT, the soft bound of the guest's runtime: it collects
// garbage more often before it asks for memory beyond the hard bound. A memory that has grown
// never shrinks, and grows by 4 MiB.
func (p *Plugin) goMemory() string {
	limit := p.limit()
	return strconv.FormatUint(max(limit/2, limit-min(limit, goMemoryRest)), 10)
}

func openCache(dir string) (wazero.CompilationCache, error) {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(user, "thaw", "wazero")
	}
	return wazero.NewCompilationCacheWithDir(dir)
}

// Close ends every instance. Close all readers first.
func (p *Plugin) Close() error {
	ctx := context.Background()
	var errs []error
	if p.runtime != nil {
		errs = append(errs, p.runtime.Close(ctx))
	}
	if p.cache != nil {
		errs = append(errs, p.cache.Close(ctx))
	}
	return errors.Join(errs...)
}

// take returns an instance without a store.
func (p *Plugin) take(ctx context.Context) (*instance, error) {
	for more := true; more; {
		select {
		case i := <-p.idle:
			if !i.module.IsClosed() {
				return i, nil
			}
		default:
			more = false
		}
	}
	said := new(said)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").
		WithSysWalltime().WithSysNanotime().WithRandSource(rand.Reader).WithStderr(said).
		WithEnv("GOMEMLIMIT", p.goMemory())
	module, err := p.runtime.InstantiateModule(ctx, p.compiled, config)
	if err != nil {
		return nil, fmt.Errorf("thaw: plugin: %w", said.cause(err, p.limit()))
	}
	i, err := newInstance(ctx, module, p.options.Interrupt)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("thaw: plugin: %w", said.cause(err, p.limit())), module.Close(context.Background()))
	}
	i.said, i.limit = said, p.limit()
	return i, nil
}

// give keeps an empty instance for the next take.
func (p *Plugin) give(i *instance) {
	if i.module.IsClosed() {
		return
	}
	if i.memory().Size() <= keepMemory {
		select {
		case p.idle <- i:
			return
		default:
		}
	}
	i.close()
}

// exports are the functions that a plugin must have.
var exports = map[string]bool{
	"_initialize": true, "thaw_abi_version": true, "thaw_out": true, "thaw_alloc": true, "thaw_free": true,
	"thaw_store": true, "thaw_file": true, "thaw_start": true, "thaw_step": true, "thaw_drop": true, "thaw_close": true,
}

// versionError returns the error of a plugin with another version of the ABI.
func versionError(got uint64) error {
	return fmt.Errorf("the module has version %d of the ABI, this program %d", int32(got), abi.Version)
}
