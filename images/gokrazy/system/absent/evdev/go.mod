module github.com/kenshaw/evdev

go 1.26.0
