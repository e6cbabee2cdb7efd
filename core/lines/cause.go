package lines

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// A cause is an error as a tree, so that an error read from a line works like a
// native one: errors.Is finds the core's sentinels and reasons in it, errors.As a
// damage, a refusal and an event. It is an object with the key "is", then:
//
//	text     text, causes (a list, perhaps empty)
//	class    class, text: one of the core's sentinels, or another named error
//	reason   reason
//	damage   damage
//	refusal  refusal
//	event    event_id, seq, kind, cause or null: trouble with one event
//	redacted event_id, seq, kind: an event whose payload was redacted
//	unread   file, offset or null, cause or null: a file that could not be read
const (
	isText    = "text"
	isClass   = "class"
	isReason  = "reason"
	isDamage  = "damage"
	isRefusal = "refusal"
	isEvent   = "event"
	isUnread  = "unread"

	isRedacted = "redacted"
)

// maxDepth bounds the depth of the trees written and read.
const maxDepth = 32

// classes lists the core's sentinels that callers compare with.
var classes = []struct {
	name string
	err  error
}{
	{"not_found", store.ErrNotFound}, {"redacted", store.ErrRedacted}, {"gone", source.ErrGone}, {"short_read", source.ErrShort},
	{"full", artifact.ErrFull}, {"table", index.ErrTable}, {"truncated", payload.ErrTruncated},
	{"trailing", payload.ErrTrailing}, {"malformed", payload.ErrMalformed}, {"too_deep", payload.ErrTooDeep},
	{"too_large", payload.ErrTooLarge}, {"unread", source.ErrRead},
}

// hasClass is an error of another package that callers compare with. When it is
// read back from a line, errors.Is still finds it by its class.
type hasClass interface {
	error
	Class() string
}

// Cause returns the text of an error without the event it concerns, which a
// line has in keys of its own. It returns "" for nil.
func Cause(err error) string {
	var of *store.EventError
	if errors.As(err, &of) {
		err = of.Err
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// node is one error of a tree.
type node struct {
	is      string
	text    string
	causes  []error
	class   string
	reason  damage.Reason
	damage  *damage.Damage
	refusal *damage.Refusal
	event   *store.EventError
	unread  *source.ReadError

	redacted *store.RedactedError
}

// nodeOf converts an error to a node. Below maxDepth it keeps only the text.
func nodeOf(err error, depth int) node {
	if depth >= maxDepth {
		return node{is: isText, text: err.Error()}
	}
	for _, c := range classes {
		if err == c.err {
			return node{is: isClass, class: c.name, text: err.Error()}
		}
	}
	switch e := err.(type) {
	case hasClass:
		return node{is: isClass, class: e.Class(), text: e.Error()}
	case damage.Reason:
		return node{is: isReason, reason: e}
	case *damage.Damage:
		return node{is: isDamage, damage: e}
	case *damage.Refusal:
		return node{is: isRefusal, refusal: e}
	case *store.EventError:
		return node{is: isEvent, event: e}
	case *source.ReadError:
		return node{is: isUnread, unread: e}
	case *store.RedactedError:
		return node{is: isRedacted, redacted: e}
	}
	n := node{is: isText, text: err.Error()}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if c := e.Unwrap(); c != nil {
			n.causes = []error{c}
		}
	case interface{ Unwrap() []error }:
		n.causes = e.Unwrap()
	}
	return n
}

// plain reports whether an error is nothing but the text that the line has
// already.
func plain(err error, text string, depth int) bool {
	if err == nil {
		return text == ""
	}
	n := nodeOf(err, depth)
	return n.is == isText && len(n.causes) == 0 && n.text == text && text != ""
}

// causeFields walks the cause of an object that has the text already. It is the
// last key.
func causeFields(f fields, text string, err *error, depth int) {
	switch {
	case f.optional("cause", !f.reads() && !plain(*err, text, depth)):
		tree(f, "", err, depth)
	case f.reads() && text != "":
		*err = errors.New(text)
	}
}

// tree walks an error, or nil.
func tree(f fields, key string, err *error, depth int) {
	if !f.nullable(key, *err != nil) {
		return
	}
	if depth > maxDepth {
		f.fail("causes nested less deeply")
		return
	}
	var n node
	if !f.reads() {
		n = nodeOf(*err, depth)
	}
	f.begin("")
	f.text("is", &n.is)
	n.fields(f, depth+1)
	f.end()
	if f.reads() {
		*err = n.err()
	}
}

// fields walks the keys after "is". A reader knows only the value of "is".
func (n *node) fields(f fields, depth int) {
	switch n.is {
	case isText:
		f.text("text", &n.text)
		list(f, "causes", &n.causes, func(f fields, err *error) { tree(f, "", err, depth) })
	case isClass:
		f.text("class", &n.class)
		f.text("text", &n.text)
	case isReason:
		name(f, "reason", &n.reason)
	case isDamage:
		damageFields(f, "damage", made(f, &n.damage), depth)
	case isRefusal:
		refusalFields(f, "refusal", made(f, &n.refusal), depth)
	case isEvent:
		e := made(f, &n.event)
		f.hex("event_id", e.ID[:])
		f.number("seq", &e.Sequence)
		f.kind("kind", &e.Kind)
		tree(f, "cause", &e.Err, depth)
	case isRedacted:
		e := made(f, &n.redacted)
		f.hex("event_id", e.ID[:])
		f.number("seq", &e.Sequence)
		f.kind("kind", &e.Kind)
	case isUnread:
		e := made(f, &n.unread)
		f.text("file", &e.File)
		offsetField(f, "offset", &e.Offset)
		tree(f, "cause", &e.Err, depth)
	default:
		f.fail("a known kind of error")
	}
}

// made returns *p. A reader allocates it first.
func made[T any](f fields, p **T) *T {
	if f.reads() {
		*p = new(T)
	}
	return *p
}

// err returns the error that was read.
func (n *node) err() error {
	switch n.is {
	case isClass:
		for _, c := range classes {
			if n.class == c.name {
				return c.err
			}
		}
		return &classed{class: n.class, text: n.text}
	case isReason:
		return n.reason
	case isDamage:
		return n.damage
	case isRefusal:
		return n.refusal
	case isEvent:
		return n.event
	case isUnread:
		return n.unread
	case isRedacted:
		return n.redacted
	}
	if len(n.causes) == 0 {
		return errors.New(n.text)
	}
	return &caused{text: n.text, causes: n.causes}
}

// caused is an error that was read from a line and has no type of its own.
type caused struct {
	text   string
	causes []error
}

func (e *caused) Error() string   { return e.text }
func (e *caused) Unwrap() []error { return e.causes }

// classed is an error of another package that was read from a line.
type classed struct{ class, text string }

func (e *classed) Error() string { return e.text }
func (e *classed) Class() string { return e.class }

// Is reports whether target has the same class.
func (e *classed) Is(target error) bool {
	c, ok := target.(hasClass)
	return ok && c.Class() == e.class
}
