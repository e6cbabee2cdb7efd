package engine

import (
	"errors"
	"runtime"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/source"
	corestore "github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/abi"
)

// wantError returns the error for the status of a want.
func wantError(status uint32) error {
	switch status {
	case abi.WantRead:
		return nil
	case abi.WantGone:
		return source.ErrGone
	case abi.WantShort:
		return source.ErrShort
	}
	return abi.ErrRead
}

// codeOf returns the code of an error of the core.
func codeOf(err error) abi.Code {
	var code abi.Code
	var d *damage.Damage
	var r *damage.Refusal
	switch {
	case errors.Is(err, corestore.ErrNotFound):
		return abi.ErrNotFound
	case errors.Is(err, source.ErrGone):
		return abi.ErrGone
	case errors.As(err, &code):
		return code
	case errors.As(err, &d):
		return abi.ErrDamage
	case errors.As(err, &r):
		return abi.ErrRefused
	}
	return abi.ErrStore
}

// fail makes err the task's answer.
func (t *task) fail(code abi.Code, err error) {
	t.code = code
	t.answer = lines.AppendFailure(t.answer, int32(code), err)
}

// panicError is a panic of the core.
type panicError struct{ value any }

func (p panicError) Error() string {
	switch v := p.value.(type) {
	case runtime.Error:
		return "thaw: plugin: panic: " + v.Error()
	case error:
		return "thaw: plugin: panic: " + v.Error()
	case string:
		return "thaw: plugin: panic: " + v
	}
	return "thaw: plugin: panic"
}
