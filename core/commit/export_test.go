package commit

// Errors that no caller of the package acts on.
var (
	ErrPayload  = errPayload
	ErrUnsealed = errUnsealed
)
