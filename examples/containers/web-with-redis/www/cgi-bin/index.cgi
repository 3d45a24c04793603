#!/bin/sh
# What GET / answers: how often it was asked for, which redis counts.
visits=$(printf 'INCR visits\r\nQUIT\r\n' | nc -w 1 redis 6379 2>/dev/null | head -n 1 | tr -d '\r')
case $visits in
    :*) printf 'Content-Type: text/plain\r\n\r\nvisits: %s\n' "${visits#:}" ;;
    *) printf 'Status: 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\nredis is away\n' ;;
esac
