"""A server on loopback that serves a dictionary of files and misbehaves as told."""
import gzip
import http.server
import re
import socket
import struct
import threading
import time
import zlib


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server, path = self.server, self.path.lstrip("/")
        server.requests.append((path, dict(self.headers)))
        faults = server.faults.get(path) or []
        fault = faults[0] if len(faults) == 1 and server.repeats else (faults.pop(0) if faults else None)
        body = server.files.get(path)
        try:
            if fault is not None:
                fault(self, body)
            elif body is None:
                self.answer(404, b"nothing here\n" * 50)
            else:
                self.serve(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def serve(self, body):
        tag = f'"{zlib.crc32(body):08x}"'
        if self.headers.get("If-None-Match") == tag:
            return self.answer(304, b"", etag=tag)
        asked = self.range()
        if asked is None:
            return self.answer(200, body, etag=tag)
        first, last = asked[0], min(asked[1], len(body) - 1)
        if first > last:
            return self.answer(416, b"", Content_Range=f"bytes */{len(body)}")
        self.answer(206, body[first:last + 1], etag=tag, Content_Range=f"bytes {first}-{last}/{len(body)}")

    def range(self):
        """First and last byte that are asked for; None: all."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        return asked and tuple(map(int, asked.groups()))

    def answer(self, status, body, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, files: dict):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.faults, self.requests, self.repeats = files, {}, [], True
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, address):
        pass

    def address(self, folder: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{folder}/"

    def close(self):
        self.shutdown()
        self.server_close()


# Faults: each gets the handler and the bytes that stand at the path.
def reset(handler, body=None):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def stall(handler, body):
    time.sleep(4)
    handler.close_connection = True


def late(seconds):
    def answer(handler, body):
        time.sleep(seconds)
        handler.serve(body)
    return answer


def stall_within(handler, body):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[:len(body) // 2])
    handler.wfile.flush()
    stall(handler, body)


def broken(n_bytes, way, encoding=None, encode=lambda data: data):
    """So many bytes of what is asked for (all or a range), and then that."""
    def break_off(handler, body):
        first, last = handler.range() or (0, len(body) - 1)
        part = body[first:last + 1]
        handler.send_response(206 if handler.range() else 200)
        if handler.range():
            handler.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
        if encoding is not None:
            handler.send_header("Content-Encoding", encoding)
        encoded = encode(part)
        handler.send_header("Content-Length", str(len(encoded)))
        handler.end_headers()
        handler.wfile.write(encoded[:n_bytes])
        handler.wfile.flush()
        time.sleep(0.2)                # so that it arrives before the end does
        way(handler)
    return break_off


def cut_off(handler):
    handler.close_connection = True


def freeze(handler):
    time.sleep(14)
    handler.close_connection = True


def without_ranges(handler, body):
    handler.answer(200, body)


def other_range(handler, body):
    first, last = handler.range()
    handler.answer(206, body[first - 1:last], Content_Range=f"bytes {first - 1}-{last - 1}/{len(body)}")


def range_of(other):
    """The range that is asked for, of another file."""
    def answer(handler, body):
        first, last = handler.range()
        handler.answer(206, other[first:last + 1], Content_Range=f"bytes {first}-{last}/{len(other)}")
    return answer


def encoded_range(handler, body):
    """Of the encoded form, which is not what was asked for."""
    first, last = handler.range()
    encoded = gzip.compress(body)
    handler.answer(206, encoded[first:last + 1], Content_Encoding="gzip",
                   Content_Range=f"bytes {first}-{min(last, len(encoded) - 1)}/{len(encoded)}")


def short_range(handler, body):
    """Less than is asked for, and said so."""
    first, last = handler.range()
    last = first + (last - first) // 2
    handler.answer(206, body[first:last + 1], Content_Range=f"bytes {first}-{last}/{len(body)}")


def drip(handler, body):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    for at in range(len(body)):
        handler.wfile.write(body[at:at + 1])
        handler.wfile.flush()
        time.sleep(0.05)


def truncate(handler, body):
    handler.answer(200, body[:-10], length=len(body))
    handler.close_connection = True


def shorter(handler, body):
    handler.answer(200, body[:-10])


def longer(handler, body):
    handler.answer(200, body + b" " * 1000)


def endless(handler, body):
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    for _ in range(4096):
        handler.wfile.write(b" " * 65536)


def flip(handler, body):
    at = len(body) // 2
    handler.answer(200, body[:at] + bytes([body[at] ^ 1]) + body[at + 1:])


def wrong_type(handler, body):
    handler.answer(200, body, Content_Type="image/png")


def compressed(handler, body):
    handler.answer(200, gzip.compress(body), Content_Encoding="gzip")


def bomb(handler, body):
    handler.answer(200, gzip.compress(body + b" " * (8 << 20), 1), Content_Encoding="gzip")


def circle(handler, body):
    handler.answer(302, b"", Location=handler.path)


def other_protocol(handler, body):
    handler.answer(302, b"", Location="file:///etc/hostname")


def moved(path):
    return lambda handler, body: handler.answer(302, b"", Location=path)


def status(code, **headers):
    return lambda handler, body: handler.answer(code, b"later", **headers)


def fine(handler, body):
    handler.serve(body)


def instead(other):
    return lambda handler, body: handler.answer(200, other)
