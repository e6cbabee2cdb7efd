package project_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/project"
)

// TestErrorTexts: an error names the package once, and the kind with its name.
func TestErrorTexts(t *testing.T) {
	locked := &project.StatementError{Statement: "commit", Err: errors.New("locked")}
	refused := &project.EventError{Projection: "a", ID: event.ID{15: 7}, Sequence: 3, Kind: 0x1001, Entity: "order:1", Err: locked}
	const id = "00000000000000000000000000000007"
	require.EqualError(t, refused, `project: "a" refuses event 3 (`+id+`) of kind 0x1001 and entity "order:1": commit: locked`)
	refused.KindName = "order.placed"
	require.EqualError(t, refused, `project: "a" refuses event 3 (`+id+`) of kind 0x1001 (order.placed) and entity "order:1": commit: locked`)
	for text, err := range map[string]error{
		`project: projection "a": commit: locked`:                                                  locked,
		`project: projection "a": the read model is of another version: "1", not "2"`:              &project.VersionError{Saved: "1", Version: "2"},
		`project: projection "a": another run or a rebuild has moved the projection`:               project.ErrMoved,
		`project: projection "a": ` + host.ErrOtherRegion.Error():                                  host.ErrOtherRegion,
		`project: projection "a": the projections of a run need different names of 1 to 255 bytes`: project.ErrName,
	} {
		named := &project.Error{Projection: "a", Err: err}
		require.EqualError(t, named, text)
		require.ErrorIs(t, named, err)
	}
}
