package example

import "testing"

func TestAbs(t *testing.T) {
	if Abs(-3) != 3 || Abs(3) != 3 {
		t.Fatal("wrong")
	}
}

func TestSum(t *testing.T) {
	if Sum(3) != 6 {
		t.Fatal("wrong")
	}
}

func TestSkips(t *testing.T) { t.Skip() }

func TestFails(t *testing.T) { t.Fatal("always") }
