package plugin

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/thawlog/thaw/wasm/abi"
)

// instance is one sandbox. Only the holder of turn may call it.
type instance struct {
	turn   turn
	module api.Module
	// passContext passes the caller's context to the sandbox, which then checks it in
	// every loop.
	passContext bool

	alloc, free, store, file, start, step, drop, closeStore function
	out                                                     uint32 // address of the out block

	request, requestSize uint32 // a buffer for requests
	dead                 bool
	trap                 error // that closed it

	said  *said  // its standard error, nil if not kept
	limit uint64 // of its memory, in bytes
}

// function is an export with a buffer for its parameters and result.
type function struct {
	name string
	f    api.Function
}

func newInstance(ctx context.Context, module api.Module, passContext bool) (*instance, error) {
	i := &instance{turn: newTurn(), module: module, passContext: passContext}
	version, out := function{}, function{}
	for name, f := range map[string]*function{
		"thaw_abi_version": &version, "thaw_out": &out, "thaw_alloc": &i.alloc, "thaw_free": &i.free,
		"thaw_store": &i.store, "thaw_file": &i.file, "thaw_start": &i.start, "thaw_step": &i.step,
		"thaw_drop": &i.drop, "thaw_close": &i.closeStore,
	} {
		*f = function{name, module.ExportedFunction(name)}
	}
	n, err := i.call(ctx, &version)
	if err != nil {
		return nil, err
	}
	if n != abi.Version {
		return nil, versionError(n)
	}
	if n, err = i.call(ctx, &out); err != nil {
		return nil, err
	}
	i.out = uint32(n)
	return i, nil
}

// TrapError reports that a query ended its instance: it ran out of memory, which is also
// [ErrMemory], or hit a bug, or the context ended it, if Options.Interrupt is set.
type TrapError struct {
	// Export is the name of the called function.
	Export string
	// Err is the error of wazero, wrapped in a [MemoryError] if memory ran out.
	Err error
}

// Error names the export and the cause.
func (e *TrapError) Error() string { return "thaw: plugin: " + e.Export + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *TrapError) Unwrap() error { return e.Err }

// call calls an export with up to six parameters. After an error it closes the instance,
// whose state is then unknown.
func (i *instance) call(ctx context.Context, f *function, params ...uint64) (result uint64, err error) {
	if i.dead {
		return 0, i.lost()
	}
	if !i.passContext {
		ctx = context.Background()
	}
	var stack [6]uint64
	copy(stack[:], params)
	if err := f.f.CallWithStack(ctx, stack[:]); err != nil {
		i.close()
		trap := &TrapError{Export: f.name, Err: i.said.cause(err, i.limit)}
		i.trap = trap
		return 0, trap
	}
	return stack[0], nil
}

// lost returns the error of a call of an instance that is closed: [ErrLost] with the trap that
// closed it.
func (i *instance) lost() error {
	if i.trap == nil {
		return ErrLost
	}
	return fmt.Errorf("%w: %w", ErrLost, i.trap)
}

func (i *instance) close() {
	i.dead = true
	_ = i.module.Close(context.Background())
}

// memory returns the sandbox's current memory.
func (i *instance) memory() api.Memory { return i.module.Memory() }

// bytes returns n bytes at an address. They alias the sandbox's memory and are valid until
// the next call.
func (i *instance) bytes(at, n uint32) ([]byte, error) {
	b, ok := i.memory().Read(at, n)
	if !ok {
		return nil, i.lies("an address outside its memory")
	}
	return b, nil
}

// lies ends an instance that violates the ABI.
func (i *instance) lies(what string) error {
	i.close()
	return fmt.Errorf("%w: %s", errLies, what)
}

// put copies b to the request buffer and grows that if necessary.
func (i *instance) put(ctx context.Context, b []byte) error {
	if uint32(len(b)) > i.requestSize {
		if i.request != 0 {
			if _, err := i.call(ctx, &i.free, uint64(i.request)); err != nil {
				return err
			}
			i.request, i.requestSize = 0, 0
		}
		n := uint32(max(len(b), 1024))
		at, err := i.allocate(ctx, n)
		if err != nil {
			return err
		}
		i.request, i.requestSize = at, n
	}
	to, err := i.bytes(i.request, uint32(len(b)))
	if err == nil {
		copy(to, b)
	}
	return err
}

func (i *instance) allocate(ctx context.Context, n uint32) (uint32, error) {
	at, err := i.call(ctx, &i.alloc, uint64(n))
	if err == nil && uint32(at) == 0 {
		err = abi.ErrLimit
	}
	return uint32(at), err
}

// code returns the error for a negative result of an export.
func code(n uint64) error {
	if c := int32(n); c < 0 {
		return abi.Code(c)
	}
	return nil
}
