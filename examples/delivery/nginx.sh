#!/bin/sh
# nginx as origin, and before it nginx as a caching proxy, as a CDN would be. Runs until interrupted.
# Usage: nginx.sh ORIGIN_FOLDER [ORIGIN_PORT [PROXY_PORT]]
set -eu
[ $# -ge 1 ] || { echo "usage: nginx.sh ORIGIN_FOLDER [ORIGIN_PORT [PROXY_PORT]]" >&2; exit 2; }
origin=$(cd "$1" && pwd) origin_port=${2:-8080} proxy_port=${3:-8081}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Root's nginx would hand its work to a user that may not read these folders.
user=; [ "$(id -u)" != 0 ] || user="user root;"
cat > "$work/nginx.conf" <<CONF
daemon off;
$user
pid $work/pid;
error_log stderr warn;
worker_processes 1;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path $work/body; proxy_temp_path $work/proxy;
  fastcgi_temp_path $work/fastcgi; uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
  sendfile on;
  gzip on;
  gzip_types application/json;
  proxy_cache_path $work/cache keys_zone=guardrank:1m max_size=1g;

  # What is named by its content never changes; the timestamp is asked for anew, which its entity tag
  # makes cheap. A page on another address needs the Access-Control headers.
  map \$uri \$lifetime {
    ~^/blobs/ "public, max-age=31536000, immutable";
    ~^/targets/ "public, max-age=31536000, immutable";
    ~^/metadata/ahead/ "no-cache";
    ~/timestamp\.json\$ "no-cache";
    ~/[0-9]+\.[^/]+\.json\$ "public, max-age=31536000, immutable";
    default "no-cache";
  }
  server {
    listen 127.0.0.1:$origin_port;
    root $origin;
    default_type application/octet-stream;
    types { application/json json; }
    add_header Cache-Control \$lifetime;
    add_header Access-Control-Allow-Origin * always;   # on a 404 as well: readers look whether the next root is there
    add_header Access-Control-Allow-Headers "If-None-Match, Range";
    add_header Access-Control-Expose-Headers "ETag, Content-Range, Retry-After";
    if (\$request_method = OPTIONS) { return 204; }
  }
  server {
    listen 127.0.0.1:$proxy_port;
    location / {
      proxy_pass http://127.0.0.1:$origin_port;
      proxy_cache guardrank;
      proxy_cache_lock on;
      proxy_cache_revalidate on;
      proxy_cache_use_stale error timeout updating;
      add_header X-Cache \$upstream_cache_status;
    }
    # Not kept here, so that a reader's If-None-Match reaches the origin: nothing new is a 304.
    location = /metadata/timestamp.json {
      proxy_pass http://127.0.0.1:$origin_port;
      proxy_cache off;
    }
  }
}
CONF
echo "origin http://127.0.0.1:$origin_port/  proxy http://127.0.0.1:$proxy_port/"
nginx -p "$work" -c "$work/nginx.conf" &
nginx_pid=$!
trap 'kill $nginx_pid 2>/dev/null; wait $nginx_pid; rm -rf "$work"' EXIT
trap 'exit 0' INT TERM
wait $nginx_pid
