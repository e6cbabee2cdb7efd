package host

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/payload"
)

// Holder describes the process that locked a store.
type Holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// String returns a text for people. It escapes the host name.
func (h Holder) String() string {
	if h.PID == 0 {
		return "unknown process"
	}
	return fmt.Sprintf("process %d on %s, since %s", h.PID, escape.Text(h.Host), h.Since.Format(time.RFC3339))
}

// text returns the holder as the JSON in a lock file: {"pid":1,"host":"h","since":"…"}. Package
// encoding/json would do the same, and add 35 kB to the download of a module for browsers that uses it for nothing else.
func (h Holder) text() ([]byte, error) {
	b := msgpack.AppendMap(nil, 3)
	b = msgpack.AppendInt(msgpack.AppendStr(b, "pid"), int64(h.PID))
	b = msgpack.AppendStr(msgpack.AppendStr(b, "host"), strings.ToValidUTF8(h.Host, "\uFFFD"))
	b = msgpack.AppendStr(msgpack.AppendStr(b, "since"), h.Since.Format(time.RFC3339Nano))
	return payload.AppendJSON(nil, b)
}

// parseHolder is the inverse of text. It skips keys that it does not know.
func parseHolder(text []byte) (h Holder, err error) {
	b, err := payload.ParseJSON(nil, text)
	if err != nil {
		return h, err
	}
	var r msgpack.Reader
	r.Reset(b)
	for range r.Map() {
		switch key := string(r.Str()); key {
		case "pid":
			h.PID = int(r.Int())
		case "host":
			h.Host = string(r.Str())
		case "since":
			err = errors.Join(err, h.Since.UnmarshalText(r.Str()))
		default:
			r.Skip()
		}
	}
	if err = errors.Join(err, r.End()); err != nil {
		return Holder{}, err
	}
	return h, nil
}
