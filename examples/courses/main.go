// Command courses subscribes many students at once to a course with few places.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/examples/courses/school"
	"github.com/thawlog/thaw/host"
)

func main() {
	dir, err := os.MkdirTemp("", "thaw-courses-")
	if err == nil {
		err = errors.Join(run(context.Background(), os.Stdout, filepath.Join(dir, "school")), os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "courses:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, dir string) (err error) {
	s, err := school.Open(ctx, dir, host.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()

	fmt.Fprintln(out, "# 40 students, each in its own goroutine, want one of 12 places")
	if err := s.Define(ctx, "algebra", 12); err != nil {
		return err
	}
	var full atomic.Int64
	failed := make([]error, 40)
	var wg sync.WaitGroup
	for i := range failed {
		wg.Go(func() {
			if failed[i] = s.Subscribe(ctx, "algebra", fmt.Sprint(i)); errors.Is(failed[i], school.ErrFull) {
				full.Add(1)
				failed[i] = nil
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	n, err := s.Students(ctx, "algebra")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d take it, %d came too late\n", n, full.Load())

	fmt.Fprintf(out, "\n# a student takes %d courses at most\n", school.CoursesPerStudent)
	for _, course := range []string{"botany", "chess", "drawing", "english"} {
		if err := s.Define(ctx, course, 20); err != nil {
			return err
		}
		if err := s.Subscribe(ctx, course, "ada"); err != nil {
			fmt.Fprintf(out, "%s: %v\n", course, err)
			continue
		}
		fmt.Fprintf(out, "%s: yes\n", course)
	}
	return nil
}
