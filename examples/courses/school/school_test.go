package school_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/examples/courses/school"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

func open(t *testing.T, fs *crashfs.FS) *school.School {
	s, err := school.Open(t.Context(), "school", host.Options{FS: fs})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestRules(t *testing.T) {
	ctx := t.Context()
	s := open(t, crashfs.New())
	require.ErrorIs(t, s.Subscribe(ctx, "tea", "ada"), school.ErrNoCourse)
	require.NoError(t, s.Define(ctx, "tea", 1))
	require.NoError(t, s.Subscribe(ctx, "tea", "ada"))
	require.ErrorIs(t, s.Subscribe(ctx, "tea", "ada"), school.ErrSubscribed)
	require.ErrorIs(t, s.Subscribe(ctx, "tea", "bob"), school.ErrFull)
	require.ErrorIs(t, s.Unsubscribe(ctx, "tea", "bob"), school.ErrNotThere)
	require.NoError(t, s.Define(ctx, "tea", 2))
	require.NoError(t, s.Subscribe(ctx, "tea", "bob"))
	require.NoError(t, s.Unsubscribe(ctx, "tea", "ada"))
	for i := range school.CoursesPerStudent {
		course := fmt.Sprint("course ", i)
		require.NoError(t, s.Define(ctx, course, 10))
		require.NoError(t, s.Subscribe(ctx, course, "ada"))
	}
	require.ErrorIs(t, s.Subscribe(ctx, "tea", "ada"), school.ErrTooMany)
	require.NoError(t, s.Unsubscribe(ctx, "course 1", "ada"))
	require.NoError(t, s.Subscribe(ctx, "tea", "ada"))
}

// TestManyAtOnce subscribes and unsubscribes from 64 goroutines: no course and no student
// ever has too many, the counts are those of the calls that succeeded, and at the end there
// is no free place that a student could have.
func TestManyAtOnce(t *testing.T) {
	const goroutines, rounds, courses, students, places = 64, 12, 6, 10, 4
	ctx := t.Context()
	fs := crashfs.New()
	s := open(t, fs)
	for c := range courses {
		require.NoError(t, s.Define(ctx, fmt.Sprint(c), places))
	}
	var net [courses]atomic.Int64
	var refused atomic.Int64
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			for range rounds {
				c, student := rng.IntN(courses), fmt.Sprint(rng.IntN(students))
				course, change, call := fmt.Sprint(c), int64(1), s.Subscribe
				if rng.IntN(4) == 0 {
					change, call = -1, s.Unsubscribe
				}
				switch err := call(ctx, course, student); {
				case err == nil:
					net[c].Add(change)
				case errors.Is(err, school.ErrFull), errors.Is(err, school.ErrTooMany),
					errors.Is(err, school.ErrSubscribed), errors.Is(err, school.ErrNotThere):
					refused.Add(1)
				default:
					assert.NoError(t, err)
				}
				n, err1 := s.Students(ctx, course)
				m, err2 := s.Courses(ctx, student)
				assert.NoError(t, errors.Join(err1, err2))
				assert.LessOrEqual(t, n, places)
				assert.LessOrEqual(t, m, school.CoursesPerStudent)
			}
		})
	}
	wg.Wait()
	require.NotZero(t, refused.Load())
	check := func(s *school.School) {
		for c := range courses {
			n, err := s.Students(ctx, fmt.Sprint(c))
			require.NoError(t, err)
			require.EqualValues(t, net[c].Load(), n)
		}
	}
	check(s)
	for c := range courses { // now alone: what can be had is had
		for student := range students {
			_ = s.Subscribe(ctx, fmt.Sprint(c), fmt.Sprint(student))
		}
		n, err := s.Students(ctx, fmt.Sprint(c))
		require.NoError(t, err)
		net[c].Store(int64(n))
	}
	total := 0
	for student := range students {
		n, err := s.Courses(ctx, fmt.Sprint(student))
		require.NoError(t, err)
		require.LessOrEqual(t, n, school.CoursesPerStudent)
		total += n
	}
	require.GreaterOrEqual(t, total, courses*places-places, "nearly every place is taken")
	left := fs.Crash(crashfs.Cut{}) // only what was synced
	check(open(t, left))
}
