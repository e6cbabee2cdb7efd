package commit

// Errors that no caller of the package acts on.
var (
	ErrPayload  = errPayload
	ErrUnsealed = errUnsealed
)

// AskHistoryAfter sets how many records a condition is compared with before the history
// is asked.
func (l *Log) AskHistoryAfter(steps int) { l.maxSteps = steps }

// ForgetBy sets the least number of records that a step of Forget copies.
func (l *Log) ForgetBy(records int) { l.step = records }
