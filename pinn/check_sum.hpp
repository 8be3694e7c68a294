#pragma once
#include <boost/crc.hpp>
#include <cstddef>
#include <cstdint>

namespace residua {

/// CRC-32 of so many bytes: notices accidents, not intent.
inline std::uint32_t check_sum(const void* data, std::size_t size) {
  boost::crc_32_type crc;
  crc.process_bytes(data, size);
  return crc.checksum();
}

}  // namespace residua
