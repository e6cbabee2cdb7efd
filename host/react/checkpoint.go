package react

import (
	"errors"
	"io/fs"
	"time"

	"github.com/thawlog/thaw/host"
)

// Checkpoint keeps the position of one reactor or delivery between two runs, such as a
// [host.CheckpointFile]. Load returns an error that is fs.ErrNotExist if there is none yet.
// It is called by one goroutine at a time.
type Checkpoint interface {
	Load(region host.Region) (host.Position, error)
	Save(region host.Region, p host.Position) error
}

// saveEvery is how often the position is saved while there is work: so much is read again
// after a kill.
var saveEvery = time.Second

// keeper saves positions in a checkpoint, if there is one. It is for one goroutine at a time.
type keeper struct {
	checkpoint Checkpoint
	region     host.Region
	saved      host.Position
	at         time.Time
	every      time.Duration
}

// begin returns the position to begin at: the saved one, or else from. It then saves from at
// once: it may be the end of the store now, and a later start must not begin at a later end.
func (k *keeper) begin(from host.Position) (host.Position, error) {
	if k.checkpoint == nil {
		return from, nil
	}
	p, err := k.checkpoint.Load(k.region)
	if errors.Is(err, fs.ErrNotExist) {
		p, err = from, k.checkpoint.Save(k.region, from)
	}
	if err != nil {
		return host.Position{}, err
	}
	k.saved, k.at = p, time.Now()
	return p, nil
}

// due saves p if the last save is long ago.
func (k *keeper) due(p host.Position) error {
	if time.Since(k.at) < k.every {
		return nil
	}
	return k.save(p)
}

// save saves p if it has moved.
func (k *keeper) save(p host.Position) error {
	if k.checkpoint == nil || p == k.saved {
		return nil
	}
	if err := k.checkpoint.Save(k.region, p); err != nil {
		return err
	}
	k.saved, k.at = p, time.Now()
	return nil
}

// end saves the last position when a run ends with err, and returns the run's error. It does
// not when the store has changed its past: from the older position on, the events that took
// the sequences of others are read too.
func (k *keeper) end(p host.Position, err error) error {
	var replaced *host.PositionError
	if errors.As(err, &replaced) {
		return err
	}
	if saving := k.save(p); saving != nil {
		return errors.Join(err, saving)
	}
	return err
}
